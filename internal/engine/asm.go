//go:build linux && (amd64 || arm64)

package engine

import "unsafe"

// awaitChange looks at *word until it is not seen, looks times at most, and reports
// whether it is not. The processor pauses between two looks, four times: it leaves the core to
// the hardware thread beside it, and the word's line to its writer, who has made it its own
// before it writes, and waits for it if a look took it away meanwhile. Looks that are further
// apart see a message later, and do not hold up as many.
//
//go:noescape
func awaitChange(word *uint32, seen uint32, looks int) bool

// ownLine has the processor fetch the line at an address to write to it, while the caller
// goes on: a line that the peer has read takes as long to come back as one to read. It is a
// hint, and touches nothing.
//
//go:noescape
func ownLine(at unsafe.Pointer)
