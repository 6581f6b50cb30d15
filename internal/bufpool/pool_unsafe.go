package bufpool

import (
	"strings"
	"sync"
	"unsafe"
)

// pools hold the first bytes of buffers, by class: a pointer goes into a pool without
// an allocation of its own.
var pools [classes]sync.Pool

// Get gives n bytes, at least 1, with whatever is in them. Its capacity is that of the
// whole buffer. Any number of goroutines may call it at once.
func Get(n int) []byte {
	class, size := classOf(n)
	if first, ok := pools[class].Get().(*byte); ok {
		return unsafe.Slice(first, size)[:n]
	}
	return uncleared(size)[:n]
}

// Put takes back what Get gave, with the capacity that it had. Nobody may use it any
// more. Other slices it leaves alone.
func Put(b []byte) {
	if cap(b) == 0 {
		return
	}
	if class, size := classOf(cap(b)); size == cap(b) {
		pools[class].Put(unsafe.SliceData(b))
	}
}

// uncleared makes a slice of n bytes: clearing them first would cost as much as the copy
// that follows. A strings.Builder is the way to such memory; nobody else has the string
// that it is taken from.
func uncleared(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	_ = b.WriteByte(0) // never fails
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}
