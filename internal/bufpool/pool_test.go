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
		for i := range b[:cap(b)] {
			b[:cap(b)][i] = byte(i)
		}
		Put(b)
		require.Len(t, Get(n), n)
	}
}

func TestOtherSlicesAreLeftAlone(t *testing.T) {
	Put(nil)
	Put(make([]byte, 1030))
	Put([]byte{1})
}
