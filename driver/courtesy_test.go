package driver

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestWhoReceivesFastLetsOthersRun that wait for the same P.
func TestWhoReceivesFastLetsOthersRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var y courtesy
	y.received() // the first is not told from a slow one
	for range 100 {
		var ran atomic.Bool
		go ran.Store(true)
		y.left, y.every, y.last = leastBatches, 0, time.Now()
		for range leastBatches + 1 {
			y.received()
		}
		assert.True(t, ran.Load() || time.Since(y.last) > briskBatches)
	}
}

// TestWhoReceivesSlowlyIsLeftToTheRuntime unless others of its P run for long.
func TestWhoReceivesSlowlyIsLeftToTheRuntime(t *testing.T) {
	y := courtesy{every: leastBatches, last: time.Now().Add(-2 * briskBatches)}
	y.yield()
	assert.Equal(t, leastBatches, y.every)
	assert.Equal(t, leastBatches, y.left)
	assert.Less(t, time.Since(y.last), time.Hour, "counts from now on")

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for y.every < mostBatches {
		go func() {
			for began := time.Now(); time.Since(began) < 2*briefYield; {
			}
		}()
		before := y.every
		y.last = time.Now()
		y.yield()
		if !assert.Contains(t, []int{before, leastBatches, 2 * before, min(16*before, mostBatches)}, y.every) {
			return
		}
	}
	y.yield()
	assert.LessOrEqual(t, y.every, mostBatches)
}

// TestTurnsAreSeenForAWhile by who yields and finds that another one runs for as long as it
// polls, and not where others are brief.
func TestTurnsAreSeenForAWhile(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	turns.last.Store(0)
	for !turns.lately() {
		go func() {
			for began := time.Now(); time.Since(began) < 2*pollersYield; {
			}
		}()
		y := courtesy{last: time.Now()}
		y.yield()
	}
	turns.last.Add(-int64(turnsSeen))
	assert.False(t, turns.lately(), "that was long ago")

	turns.last.Store(0)
	(&courtesy{}).yield()
	assert.Zero(t, turns.last.Load(), "it did not yield: its messages come slowly")
}
