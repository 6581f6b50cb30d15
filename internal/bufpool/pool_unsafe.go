package bufpool

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"sync"
	"unsafe"
)

// Behind the bytes that a buffer of a class holds lies its mark, in its capacity: secret
// joined with the address of the buffer's end, and the bytes of the whole. So a slice
// that reaches to the end of a buffer shows where the buffer begins, and no other slice
// passes for one.
const markSize = 16

// secret is a number that only marks have, and nobody outside of this process knows.
var secret = rand.Uint64()

// pools hold the first bytes of buffers, by class: a pointer goes into a pool without
// an allocation of its own.
var pools [classes]sync.Pool

// Get gives n bytes, at least 1, with whatever is in them. Its capacity is that of the
// whole buffer, which it must keep to be given back. Any number of goroutines may call
// it at once.
func Get(n int) []byte {
	class, size := classOf(n)
	size += markSize
	var b []byte
	if first, ok := pools[class].Get().(*byte); ok {
		b = unsafe.Slice(first, size)
	} else {
		b = uncleared(size)
	}
	setMark(b)
	return b[:n]
}

// Put takes back what Get gave, or a part of it that has all of its capacity from some
// byte on. Nobody may use any of it any more. Other slices it leaves alone, and a buffer
// that was given back already as well, until Get gives it out again.
func Put(b []byte) {
	size := markedSize(b)
	class, least := classOf(max(1, size-markSize))
	if size != least+markSize {
		return
	}
	clear(markOf(b))
	// The mark says that so many bytes up to the end of b are one buffer.
	pools[class].Put((*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), cap(b)-size)))
}

// markOf is where a slice has its mark if it reaches to the end of a buffer.
func markOf(b []byte) []byte { return b[cap(b)-markSize : cap(b)] }

// keyOf is the first half of the mark of a buffer that ends where b does.
func keyOf(b []byte) uint64 {
	return secret ^ uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))+uintptr(cap(b)))
}

// setMark marks a whole buffer.
func setMark(b []byte) {
	mark := markOf(b)
	binary.LittleEndian.PutUint64(mark, keyOf(b))
	binary.LittleEndian.PutUint64(mark[8:], uint64(cap(b)))
}

// markedSize is the bytes of the buffer that b is the end of, 0 when it is of none.
func markedSize(b []byte) int {
	if cap(b) < markSize {
		return 0
	}
	mark := markOf(b)
	if binary.LittleEndian.Uint64(mark) != keyOf(b) {
		return 0
	}
	return int(binary.LittleEndian.Uint64(mark[8:]))
}

// uncleared makes a slice of n bytes and no more: clearing them first would cost as much
// as the copy that follows. A strings.Builder is the way to such memory; nobody else has
// the string that it is taken from.
func uncleared(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	_ = b.WriteByte(0) // never fails
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}
