package driver

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func never() bool { return false }

// suspects gives s the signs that it wants before it tests for itself.
func suspects(s *sharing) {
	for range max(leastSigns, s.wanted) {
		s.slept(time.Microsecond, spinRounds)
	}
}

// TestSignsOfASharedProcessor: brief sleeps one after another, each after polling for
// long, and hardly anything found between them.
func TestSignsOfASharedProcessor(t *testing.T) {
	var s sharing
	suspects(&s)
	assert.Equal(t, leastSigns, s.signs)
	s.slept(tellingSleep+1, spinRounds)
	assert.Zero(t, s.signs, "a long sleep")
	suspects(&s)
	s.slept(time.Microsecond, tellingRounds-1)
	assert.Zero(t, s.signs, "little polling")
	suspects(&s)
	s.finds = tellingFinds
	s.slept(time.Microsecond, spinRounds)
	assert.Equal(t, leastSigns+1, s.signs)
	s.finds = tellingFinds + 1
	s.slept(time.Microsecond, spinRounds)
	assert.Zero(t, s.signs, "polling that brings something")
}

// TestWhoSharesNoProcessorTestsLessAndLess, until polling brings something again.
func TestWhoSharesNoProcessorTestsLessAndLess(t *testing.T) {
	var s sharing
	for _, wanted := range []int{4, 8, 16, 32, mostSigns, mostSigns} {
		suspects(&s)
		s.part(spinRounds, never)
		assert.Equal(t, wanted, s.wanted)
		assert.Zero(t, s.signs)
	}
	s.finds = tellingFinds + 1
	s.slept(time.Microsecond, spinRounds)
	assert.Equal(t, leastSigns, s.wanted)
}

// TestNothingIsTestedWithoutSigns, nor where this side hardly polled.
func TestNothingIsTestedWithoutSigns(t *testing.T) {
	asked := func() bool {
		t.Error("looked for a message")
		return false
	}
	var s sharing
	s.part(spinRounds, asked)
	suspects(&s)
	s.part(tellingRounds-1, asked)
	assert.Equal(t, leastSigns, s.signs)
}

// TestSilenceIsTestedWhereMessagesCameFast, and less and less as that is in vain.
func TestSilenceIsTestedWhereMessagesCameFast(t *testing.T) {
	othersRun(t, 0)
	var s sharing
	s.finds = livelyFinds - 1
	s.silent(never)
	assert.Zero(t, s.skips)
	s.finds = livelyFinds
	for _, skips := range []int{1, 3, 7, 15, 31, 63, 127, mostSkips, mostSkips} {
		for range s.skips {
			s.silent(never)
		}
		assert.Equal(t, s.skips, s.silences, "none of them was tested")
		s.silent(never)
		assert.Equal(t, skips, s.skips)
	}
}

// TestATestThatTookLongIsNotRepeatedSoon: another program wants the processor.
func TestATestThatTookLongIsNotRepeatedSoon(t *testing.T) {
	othersRun(t, mostTurn)
	s := sharing{finds: livelyFinds}
	s.silent(never)
	assert.Equal(t, dearSkips, s.skips)
}

// TestWayIsGivenAgainUnlessAMessageWaitedForIt: another program may want the processor for a
// whole time slice.
func TestWayIsGivenAgainUnlessAMessageWaitedForIt(t *testing.T) {
	always := func() bool { return true }
	var s sharing
	othersRun(t, 0)
	assert.Equal(t, inVain, s.giveWay(never))
	assert.Equal(t, inVain, s.giveWay(always), "nobody else was there, so the peer was not either")
	othersRun(t, longTurn-1)
	assert.Equal(t, inVain, s.giveWay(never))
	othersRun(t, longTurn)
	assert.Equal(t, unmissed, s.giveWay(never))
	othersRun(t, mostTurn)
	assert.Equal(t, unmissed, s.giveWay(never))
	assert.Equal(t, dearly, s.giveWay(always))
	for range dearKeeps {
		assert.Equal(t, inVain, s.giveWay(always))
	}
	assert.Equal(t, dearly, s.giveWay(always))
}

// othersRun has another thread seem to run for d each time that it may.
func othersRun(t *testing.T, d time.Duration) {
	usual := letRun
	letRun = func() time.Duration { return d }
	t.Cleanup(func() { letRun = usual })
}

// pinTo lets the calling thread use the processor of that number alone, and gives those
// that it could use before.
func pinTo(t *testing.T, cpu int) (before unix.CPUSet) {
	var one unix.CPUSet
	one.Set(cpu)
	require.NoError(t, unix.SchedGetaffinity(0, &before))
	require.NoError(t, unix.SchedSetaffinity(0, &one))
	return before
}

// TestThreadsThatShareAProcessorPart: one that polls for what another one has to do on the
// same processor goes to another, whichever way it found out.
func TestThreadsThatShareAProcessorPart(t *testing.T) {
	t.Run("by brief sleeps", func(t *testing.T) {
		testParting(t, func(s *sharing, pending func() bool) bool {
			s.wanted = mostSigns
			suspects(s)
			s.part(spinRounds, pending)
			return s.wanted == leastSigns
		})
	})
	t.Run("by silence", func(t *testing.T) {
		testParting(t, func(s *sharing, pending func() bool) bool {
			s.finds, s.skips = livelyFinds, 0
			s.silent(pending)
			return s.skips == 0
		})
	})
	t.Run("by giving way", func(t *testing.T) {
		testParting(t, func(s *sharing, pending func() bool) bool { return s.giveWay(pending) == parted })
	})
}

func testParting(t *testing.T, parts func(s *sharing, pending func() bool) bool) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var may unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &may))
	if may.Count() < 2 {
		t.Skip("this process may use one processor alone")
	}
	shared := 0
	for !may.IsSet(shared) {
		shared++
	}
	usual := letRun
	letRun = func() time.Duration { return min(usual(), mostTurn-1) } // other programs may want the processor as well
	defer func() { letRun = usual }()
	var asked, done, over atomic.Bool
	peer := make(chan struct{})
	go func() {
		defer close(peer)
		runtime.LockOSThread() // the thread ends with its goroutine
		pinTo(t, shared)
		for !over.Load() {
			for began := time.Now(); time.Since(began) < 10*time.Microsecond; {
			}
			done.Store(asked.Load())
			unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		}
	}()
	var s sharing
	// The peer may have been between two turns.
	for parted := false; !parted; asked.Store(false) {
		before := pinTo(t, shared)
		require.NoError(t, unix.SchedSetaffinity(0, &before)) // may leave, but is there
		asked.Store(true)
		parted = parts(&s, done.Load)
	}
	over.Store(true)
	<-peer
	var now unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &now))
	assert.Equal(t, may, now)
}
