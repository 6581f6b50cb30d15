//go:build linux

package engine

// cachedCopy is how much is copied at once, bytes. What Go copies in pieces of a megabyte
// or more goes past the processor's caches, on amd64 with AVX, and the reader would have to
// fetch it from memory.
const cachedCopy = 256 << 10

// shortCopy is up to how many bytes Go's own loop is as good as any.
const shortCopy = 4 << 10

// copyPayload is copy for what is read soon after it, by the peer or here. into and from
// do not overlap.
func copyPayload(into, from []byte) {
	if len(from) < shortCopy {
		copy(into, from)
		return
	}
	copyLong(into, from)
}

func copyLong(into, from []byte) {
	for len(from) > cachedCopy && len(into) > cachedCopy {
		copyPiece(into[:cachedCopy], from[:cachedCopy])
		into, from = into[cachedCopy:], from[cachedCopy:]
	}
	copyPiece(into, from)
}
