//go:build linux && (amd64 || arm64)

package engine

// awaitChange looks at *word until it is not seen, looks times at most, and reports
// whether it is not. The processor pauses between two looks: it leaves the word's line to
// its writer, and the core to the hardware thread beside it.
//
//go:noescape
func awaitChange(word *uint32, seen uint32, looks int) bool
