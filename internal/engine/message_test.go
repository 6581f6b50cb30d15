//go:build linux

package engine

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCopyOfLargePayloads: pieces are put together again, and no byte beside is written.
func TestCopyOfLargePayloads(t *testing.T) {
	for _, n := range []int{0, 1, cachedCopy - 1, cachedCopy, cachedCopy + 1, 2 * cachedCopy, 5*cachedCopy - 1} {
		from := make([]byte, n)
		for i := range from {
			from[i] = byte(i*7 + i>>8)
		}
		into := bytes.Repeat([]byte{0xEE}, n+2)
		copyPayload(into[1:n+1], from)
		require.Equal(t, from, into[1:n+1], n)
		require.Equal(t, []byte{0xEE, 0xEE}, []byte{into[0], into[n+1]}, n)
	}
}
