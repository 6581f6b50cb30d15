//go:build !amd64 || race

package release

import "sync/atomic"

// Store is an atomic store with release order, and more where Go has no other.
func Store(word *uint32, v uint32) { atomic.StoreUint32(word, v) }
