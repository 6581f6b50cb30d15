//go:build linux && (amd64 || arm64)

package engine

import "unsafe"

// awaitChange looks at *word until it is not seen, looks times at most, and reports
// whether it is not. The processor pauses between two looks: it leaves the word's line to
// its writer, and the core to the hardware thread beside it.
//
//go:noescape
func awaitChange(word *uint32, seen uint32, looks int) bool

// ownLine has the processor fetch the line at an address to write to it, while the caller
// goes on: a line that the peer has read takes as long to come back as one to read. It is a
// hint, and touches nothing.
//
//go:noescape
func ownLine(at unsafe.Pointer)
