package main

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQueueHandsOutEachFileUntilItIsSettled(t *testing.T) {
	q := newQueue([]entry{{path: "a"}, {path: "b"}})
	a, ok := q.next()
	require.True(t, ok)
	b, ok := q.next()
	require.True(t, ok)
	assert.Equal(t, []string{"a", "b"}, []string{a.path, b.path})
	q.giveBack(a)
	again, ok := q.next()
	require.True(t, ok)
	assert.Equal(t, a, again)
	q.settle()
	q.settle()
	_, ok = q.next()
	assert.False(t, ok)
	assert.Zero(t, q.left())
}

func TestWaitingForAFileEndsWhenOneComesBack(t *testing.T) {
	q := newQueue([]entry{{path: "a"}})
	a, _ := q.next()
	got := make(chan entry)
	go func() {
		e, _ := q.next() // waits: a is out
		got <- e
	}()
	q.giveBack(a)
	assert.Equal(t, a, <-got)
}

func TestWaitingForAFileEndsWithTheLastAndWithStop(t *testing.T) {
	for name, end := range map[string]func(*queue){"Settle": (*queue).settle, "Stop": (*queue).stop} {
		t.Run(name, func(t *testing.T) {
			q := newQueue([]entry{{path: "a"}})
			_, ok := q.next()
			require.True(t, ok)
			var waiting sync.WaitGroup
			for range 3 {
				waiting.Go(func() {
					_, ok := q.next()
					assert.False(t, ok)
				})
			}
			end(q)
			waiting.Wait()
		})
	}
}

func TestStoppedQueueKeepsWhatIsLeft(t *testing.T) {
	q := newQueue([]entry{{path: "a"}, {path: "b"}})
	a, _ := q.next()
	q.stop()
	q.giveBack(a)
	_, ok := q.next()
	assert.False(t, ok)
	assert.Equal(t, 2, q.left())
}
