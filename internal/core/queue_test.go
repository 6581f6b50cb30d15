package core

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// modelQueue is an itemQueue as one would first write it.
type modelQueue [][]byte

func (m *modelQueue) bytes() (n int) {
	for _, item := range *m {
		n += len(item)
	}
	return n
}

func TestItemQueueGivesWhatWasPut(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		sizes := 1 + r.IntN(300)
		empties := r.IntN(4)    // of five items
		pushes := 3 + r.IntN(5) // of ten steps
		var q itemQueue
		var model modelQueue
		for step := range 500 {
			switch {
			case r.IntN(200) == 0:
				q.drop()
				model = nil
			case r.IntN(10) < pushes:
				item := make([]byte, r.IntN(sizes))
				if r.IntN(5) < empties {
					item = item[:0]
				}
				for i := range item {
					item[i] = byte(r.Uint32())
				}
				model = append(model, bytes.Clone(item))
				if len(item) > 0 && r.IntN(4) == 0 {
					q.keep(item)
					break
				}
				q.push(item)
				clear(item) // the queue keeps a copy
			case len(model) > 0:
				if got, ok := q.popKept(); ok {
					require.Equal(t, model[0], got, "seed %d, step %d", seed, step)
					model = model[1:]
					break
				}
				got := q.pop([]byte{1, 2})
				require.Equal(t, append([]byte{1, 2}, model[0]...), got, "seed %d, step %d", seed, step)
				model = model[1:]
			}
			require.Equal(t, len(model) == 0, q.empty(), "seed %d, step %d", seed, step)
		}
		for _, item := range model {
			require.Equal(t, string(item), string(q.pop(nil)), "seed %d", seed)
		}
		require.True(t, q.empty())
	}
}

func TestItemQueueMemoryFollowsWhatIsQueued(t *testing.T) {
	// A queue that is never empty and never holds more than the window.
	const window = 1000
	for _, size := range []int{1, 7, 100, window / 2} {
		var q itemQueue
		var model modelQueue
		most := 0
		for range 3000 {
			for model.bytes()+size <= window {
				q.push(make([]byte, size))
				model = append(model, make([]byte, size))
			}
			q.pop(nil)
			model = model[1:]
			most = max(most, cap(q.buf))
		}
		// One byte costs its length too; what was taken costs as much again.
		assert.LessOrEqual(t, most, 6*window, "items of %d bytes", size)
	}
}

func TestItemQueueCountsRunsOfItemsWithoutBytes(t *testing.T) {
	var q itemQueue
	q.push([]byte("a"))
	for range 1000 {
		q.push(nil)
	}
	q.push([]byte("b"))
	q.push(nil)
	assert.LessOrEqual(t, len(q.buf), 2+9+2+9)
	assert.Equal(t, "a", string(q.pop(nil)))
	for range 1000 {
		assert.Empty(t, q.pop(nil))
	}
	assert.Equal(t, "b", string(q.pop(nil)))
	assert.False(t, q.empty())
	assert.Empty(t, q.pop(nil))
	assert.True(t, q.empty())
}

func TestItemsWithoutBytesBetweenOthersAreBoundedByCredit(t *testing.T) {
	const window = 1000
	var q itemQueue
	for range window {
		q.push([]byte("x"))
		for range 100 {
			q.push(nil)
		}
	}
	assert.LessOrEqual(t, len(q.buf), 11*window, "1 byte with its length, a run in 9")
}

func TestItemQueueIsUsedAgainInPlace(t *testing.T) {
	var q itemQueue
	item, dst := make([]byte, 100), make([]byte, 0, 100)
	turn := func() {
		for range 3 {
			q.push(item)
		}
		for range 3 {
			dst = q.pop(dst[:0])
		}
	}
	turn()
	assert.Zero(t, testing.AllocsPerRun(100, turn))
}
