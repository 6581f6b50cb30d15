// Package vectors is the service of the protocol's test vectors for method ids, written
// as a Go interface.
package vectors

//go:generate go tool roamgen
