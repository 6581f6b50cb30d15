package shmring

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/forecast"
)

// A sleep on the ring's head that is expected to be brief begins as a hold: it keeps its
// P, and so takes a few microseconds to end where one that has to get a P takes tens. It
// watches nothing but the head; who would end it for another reason wakes the head.

// holdBound is two timer ticks of most kernels. A sleep with a shorter limit sets the
// processor's timer for itself, twice, which costs a virtual machine microseconds.
const holdBound = 8 * time.Millisecond

// holding are the sleepers of the process that keep their P.
var holding seats

// mostHolds is how many of the process's Ps may be kept at once: a quarter, or the one of
// two or three. The others are for whoever else has something to do.
func mostHolds() int32 {
	if ps := runtime.GOMAXPROCS(0); ps > 1 {
		return int32(max(1, ps/4))
	}
	return 0
}

// headSleeps are the sleeps on the head of one ring.
type headSleeps struct {
	all     atomic.Int32
	holds   atomic.Int32   // of them those that watch the head alone
	bound   time.Duration  // of a hold
	lingers forecast.Sleep // Wait's
}

// headSleep is one of them, from before its sleeper looks whether to sleep at all.
type headSleep struct {
	of    *headSleeps
	holds bool
}

func (h *headSleeps) begin(brief bool) headSleep {
	s := headSleep{h, brief && engine.CanHold() && holding.takeOf(mostHolds())}
	h.all.Add(1)
	if s.holds {
		h.holds.Add(1)
	}
	return s
}

func (s *headSleep) end() {
	s.release()
	s.of.all.Add(-1)
}

// hold sleeps while the head is as seen, up to d and its own bound, and says whether it
// did. It can be done once.
func (s *headSleep) hold(head *uint32, seen uint32, d time.Duration) bool {
	if !s.holds {
		return false
	}
	engine.Hold(head, seen, min(d, s.of.bound))
	s.release()
	return true
}

func (s *headSleep) release() {
	if s.holds {
		s.holds = false
		s.of.holds.Add(-1)
		holding.giveBack()
	}
}

// breakHolds ends every hold, after the caller has changed what its sleeper looks at
// before. A sleeper that has looked but does not sleep yet is waited for.
func (l *Link) breakHolds() {
	for l.headSleeps.holds.Load() > 0 {
		if engine.WakeShared(l.shm.WaitWord(engine.Messages, 0)) >= int(l.headSleeps.all.Load()) {
			return
		}
		runtime.Gosched()
	}
}
