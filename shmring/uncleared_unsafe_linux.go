package shmring

import (
	"strings"
	"unsafe"
)

// uncleared makes a slice of n bytes, at least 1, of which all are to be written before
// any is read: clearing them first would cost as much as the copy. A strings.Builder is
// the way to such memory; nobody else has the string that it is taken from.
func uncleared(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	_ = b.WriteByte(0) // never fails
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}
