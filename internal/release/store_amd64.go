//go:build amd64 && !race

package release

// Store is an atomic store with release order: each of this processor's stores is.
//
//go:noinline
func Store(word *uint32, v uint32) { *word = v }
