package driver

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestWhoReceivesFastLetsOthersRun that wait for the same P: soon, since a goroutine of the
// runtime's global queue may run before them, and make others ready that do, too.
func TestWhoReceivesFastLetsOthersRun(t *testing.T) {
	const soon = 20 // yields
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 100 {
		var ran atomic.Bool
		go ran.Store(true)
		y := courtesy{left: fewBatches, last: time.Now()}
		for batches := 0; batches < soon*(fewBatches+1) && !ran.Load(); batches++ {
			y.received()
		}
		assert.True(t, ran.Load())
	}
}

// TestWhoReceivesSlowlyIsLeftToTheRuntime unless others of its P run for long.
func TestWhoReceivesSlowlyIsLeftToTheRuntime(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const tries = 100
	ran := 0 // by the runtime's preemption, now and then
	for range tries {
		var other atomic.Bool
		go other.Store(true)
		y := courtesy{slower: mostSlower, last: time.Now().Add(-2 * briskBatches)}
		y.yield()
		if other.Load() {
			ran++
		}
		assert.Equal(t, fewBatches>>mostSlower, y.every)
		assert.Equal(t, fewBatches>>mostSlower, y.left)
		assert.Less(t, time.Since(y.last), time.Hour, "counts from now on")
		runtime.Gosched()
	}
	assert.Less(t, ran, tries/2)
}

// TestYieldsFollowThePace of the batches: after some of them they come in time, however long a
// batch takes, and not much too often.
func TestYieldsFollowThePace(t *testing.T) {
	var y courtesy
	paces := []time.Duration{
		100 * time.Nanosecond, 2 * time.Microsecond, 15 * time.Microsecond, time.Microsecond,
		briskBatches >> (8 - mostSlower), 5 * time.Microsecond, time.Nanosecond,
	}
	for _, pace := range paces {
		settled := false
		for range mostSlower + 1 {
			settled = y.follow(time.Duration(y.few()) * pace)
			assert.Equal(t, y.few(), y.every, pace)
			assert.Equal(t, y.few(), y.left, pace)
		}
		assert.True(t, settled, pace)
		took := time.Duration(y.few()) * pace
		assert.LessOrEqual(t, took, briskBatches, pace)
		assert.True(t, y.slower == 0 || took >= briskBatches/8, "%s: %s", pace, took)
	}
	assert.False(t, y.follow(time.Second))
}

// TestAYieldMeasuresWhoRunsMeanwhile, whoever that is.
func TestAYieldMeasuresWhoRunsMeanwhile(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer turns.last.Store(0)
	turns.last.Store(0)
	var others sync.WaitGroup
	defer others.Wait()
	for range 1000 {
		others.Go(func() {
			for began := time.Now(); time.Since(began) < 2*pollersYield; {
			}
		})
		y := courtesy{last: time.Now()}
		y.yield()
		if y.every == 16*fewBatches {
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
		every, want int
		turns       bool
	}{
		{others: 0, every: 4 * fewBatches, want: fewBatches},
		{others: briefYield, every: fewBatches, want: 2 * fewBatches},
		{others: briefYield, every: mostBatches, want: mostBatches},
		{others: pollersYield - 1, every: fewBatches, want: 2 * fewBatches},
		{others: pollersYield, every: fewBatches, want: 16 * fewBatches, turns: true},
		{others: pollersYield, every: 16 * fewBatches, want: 256 * fewBatches, turns: true},
		{others: time.Second, every: mostBatches, want: mostBatches, turns: true},
	} {
		turns.last.Store(0)
		y := courtesy{left: -1, every: x.every, last: turns.began.Add(time.Hour)}
		y.yielded(x.others)
		assert.Equal(t, x.want, y.every, x)
		assert.Equal(t, x.want, y.left, x)
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
