//go:build linux && !amd64 && !arm64

package engine

import (
	"sync/atomic"
	"unsafe"
)

// loadsPerLook makes a look about as long as with a pause after it.
const loadsPerLook = 480

// awaitChange looks at *word until it is not seen, looks times at most, and reports
// whether it is not.
func awaitChange(word *uint32, seen uint32, looks int) bool {
	for range looks * loadsPerLook {
		if atomic.LoadUint32(word) != seen {
			return true
		}
	}
	return false
}

func ownLine(unsafe.Pointer) {} // only a hint
