//go:build linux && (!amd64 || race)

package engine

func copyPiece(into, from []byte) { copy(into, from) }

func learnToCopy() {}
