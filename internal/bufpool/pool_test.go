package bufpool

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClassesHoldWhatTheyAreFor(t *testing.T) {
	lastClass, lastSize := 0, leastSize
	for n := 1; n < 1<<17; n++ {
		class, size := classOf(n)
		require.GreaterOrEqual(t, size, n)
		if n > leastSize {
			require.Less(t, size-n, size/4+1, "%d bytes waste too much of %d", n, size)
		}
		if size != lastSize {
			require.Equal(t, lastClass+1, class, "%d bytes", n)
			require.Greater(t, size, lastSize)
			lastClass, lastSize = class, size
		}
		require.Equal(t, lastClass, class)
		again, same := classOf(size)
		require.Equal(t, [2]int{class, size}, [2]int{again, same})
	}
	class, _ := classOf(1 << 40)
	assert.Less(t, class, classes)
}

func TestBuffersComeBackWhole(t *testing.T) {
	for _, n := range []int{1, 1000, 1024, 1025, 4096, 5000, 65536, 65537, 1 << 20} {
		b := Get(n)
		require.Len(t, b, n)
		for i := range b {
			b[i] = byte(i)
		}
		Put(b)
		require.Len(t, Get(n), n)
	}
}

// again says whether a buffer of the size is ever given out that begins at first. A pool
// may drop what it is given, and does so at random under the race detector.
func again(put func() (first *byte), size int) bool {
	for range 100 {
		first := put()
		if b := Get(size); &b[0] == first {
			return true
		}
	}
	return false
}

func TestPartsThatReachTheEndAreTheBuffer(t *testing.T) {
	for _, n := range []int{5000, 100_000} {
		assert.True(t, again(func() *byte {
			b := Get(n)
			Put(b[9:n:cap(b)][:0])
			return &b[0]
		}, n), "%d bytes", n)
		assert.False(t, again(func() *byte {
			b := Get(n)
			Put(b[9:n:n])
			return &b[0]
		}, n), "%d bytes", n)
	}
}

// TestGivenBackTwiceIsGivenBackOnce: no two users ever have one buffer.
func TestGivenBackTwiceIsGivenBackOnce(t *testing.T) {
	for range 100 {
		b := Get(5000)
		Put(b)
		Put(b)
		first, second := Get(5000), Get(5000)
		require.NotSame(t, &first[0], &second[0])
	}
}

func TestOtherSlicesAreLeftAlone(t *testing.T) {
	Put(nil)
	Put(make([]byte, 1030))
	Put(make([]byte, 1024+markSize))
	Put([]byte{1})
	copied := make([]byte, 1024+markSize)
	b := Get(1024)
	copy(copied, b[:cap(b)])
	assert.False(t, again(func() *byte {
		Put(copied)
		return &copied[0]
	}, 1024), "the mark of another buffer makes none of a copy")
	appended := append(Get(1024), make([]byte, markSize)...)
	assert.False(t, again(func() *byte {
		Put(appended)
		return &appended[0]
	}, 1024), "a buffer whose capacity was written to is the program's")
}
