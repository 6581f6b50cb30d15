//go:build linux

package engine

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCopyOfLargePayloads: pieces are put together again, and no byte beside is written.
func TestCopyOfLargePayloads(t *testing.T) {
	eachWayToCopy(t, func(t *testing.T) {
		sizes := []int{0, 1, cachedCopy - 1, cachedCopy, cachedCopy + 1, 2 * cachedCopy, 5*cachedCopy - 1}
		for n := 4 << 10; n < 4<<10+200; n += 13 {
			sizes = append(sizes, n-100)
		}
		for _, n := range sizes {
			from := make([]byte, n)
			for i := range from {
				from[i] = byte(i*7 + i>>8)
			}
			into := bytes.Repeat([]byte{0xEE}, n+2)
			copyPayload(into[1:n+1], from)
			require.Equal(t, from, into[1:n+1], n)
			require.Equal(t, []byte{0xEE, 0xEE}, []byte{into[0], into[n+1]}, n)
		}
	})
}

// TestCopyIsAsLongAsTheShorter: as of copy itself.
func TestCopyIsAsLongAsTheShorter(t *testing.T) {
	eachWayToCopy(t, func(t *testing.T) {
		const n = 3 * cachedCopy
		from := bytes.Repeat([]byte{1}, n)
		for _, short := range []int{0, 5000, cachedCopy, cachedCopy + 5000} {
			into := make([]byte, n)
			copyPayload(into[:short], from)
			require.Equal(t, short, bytes.Count(into, []byte{1}))
			into = make([]byte, n)
			copyPayload(into, from[:short])
			require.Equal(t, short, bytes.Count(into, []byte{1}))
		}
	})
}
