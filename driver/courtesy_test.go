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
}

// TestAYieldMeasuresWhoRunsMeanwhile, whoever that is.
func TestAYieldMeasuresWhoRunsMeanwhile(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer turns.last.Store(0)
	turns.last.Store(0)
	for range 1000 {
		go func() {
			for began := time.Now(); time.Since(began) < 2*pollersYield; {
			}
		}()
		y := courtesy{last: time.Now()}
		y.yield()
		if y.every == 16*leastBatches {
			assert.NotZero(t, turns.last.Load())
			return
		}
		runtime.Gosched() // the one that it did not yield to, its batches having taken long
	}
	assert.Fail(t, "another ran for long in none of 1000 yields")
}

// TestOthersWhoRunForLongRunLessOften, the less so the longer, as far as they poll themselves.
func TestOthersWhoRunForLongRunLessOften(t *testing.T) {
	defer turns.last.Store(0)
	for _, x := range []struct {
		others      time.Duration
		left, every int
		turns       bool
	}{
		{others: 0, left: 4 * leastBatches, every: leastBatches},
		{others: briefYield, left: leastBatches, every: 2 * leastBatches},
		{others: briefYield, left: mostBatches, every: mostBatches},
		{others: pollersYield - 1, left: leastBatches, every: 2 * leastBatches},
		{others: pollersYield, left: leastBatches, every: 16 * leastBatches, turns: true},
		{others: time.Second, left: mostBatches, every: mostBatches, turns: true},
	} {
		turns.last.Store(0)
		y := courtesy{left: x.left, last: turns.began.Add(time.Hour)}
		y.yielded(x.others)
		assert.Equal(t, x.every, y.every, x)
		assert.Equal(t, x.every, y.left, x)
		assert.Equal(t, x.turns, turns.last.Load() == int64(time.Hour), x)
	}
}

// TestTurnsAreSeenForAWhile says for how long it is known that goroutines take turns.
func TestTurnsAreSeenForAWhile(t *testing.T) {
	turns := turnTaking{began: time.Now().Add(-time.Hour)}
	assert.False(t, turns.lately(), "never")
	turns.seen(time.Now().Add(time.Hour))
	assert.True(t, turns.lately())
	turns.seen(time.Now().Add(-turnsSeen))
	assert.False(t, turns.lately(), "long ago")
	turns.seen(turns.began)
	assert.NotZero(t, turns.last.Load(), "at the very beginning")
}
