package driver

import (
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/release"
	"github.com/roam-rpc/roam-go/internal/sched"
)

// linger decides how a goroutine waits for its answer while another one receives: parked, or
// in the queue of its P. Where many call at once the answer has come when its turn comes
// again, and to go through the queue costs a third of parking and being made ready. That has
// the runtime wake a thread, too, which takes a processor from the peer, and half of the
// callers with it.
//
// Who is in the queue has to wait for those before it, though a P may be idle: none is woken
// for it. So it pays only as long as they are brief, which is measured now and then; and the
// caretaker is to look soon, which wakes a thread for who is left there. A leader that naps
// and keeps its P does not know of them: their answers end its nap, the ends of their
// contexts do not.
//
// Several goroutines write to it at once, and may lose each other's notes.
type linger struct {
	credit uint32 // what waits in vain take from, and others add to
	parks  uint32 // how many are to park before one lingers again
	pause  uint32 // how many were to, the last time; 0 once lingering has paid
	waits  uint32 // since then
	trial  uint32 // 1 while one lingers to see whether it pays again
}

const (
	lingerTurns   = 2                      // in the queue, at most, before who waits parks
	lingerSampled = 16                     // of so many waits one is timed, the first among them
	lingerBrief   = 300 * time.Microsecond // the longest that pays; a round of many callers takes a third

	mostCredit = 64
	someCredit = 8          // to try again with, one at a time
	vainCredit = 8          // what a wait takes that was in vain
	longCredit = mostCredit // what one takes that was long
	leastPause = 64
	mostPause  = 1024
)

// lingers waits for the answer of w in the queue of the P, and says whether w need not park:
// the answer has come, or nobody receives any more. The caller does not hold the role.
func (c *conn) lingers(w *waiter) bool {
	l := &c.linger
	if !w.answer || !l.begins() {
		return false
	}
	c.tend()
	timed, began := l.times(), time.Time{}
	if timed {
		began = time.Now()
	}
	ready, free := false, false
	for turn := 0; turn < lingerTurns && !ready && !free; turn++ {
		sched.Yield()
		ready, free = w.ready(), !c.role.held.Load()
	}
	switch {
	case timed && time.Since(began) > lingerBrief:
		l.took(longCredit)
	case ready:
		l.paid()
	case !free:
		l.took(vainCredit)
	}
	release.Store(&l.trial, 0)
	return ready || free
}

// begins says whether the wait that begins is not to park, and counts it if it is.
func (l *linger) begins() bool {
	if parks := atomic.LoadUint32(&l.parks); parks != 0 {
		release.Store(&l.parks, parks-1)
		return false
	}
	if atomic.LoadUint32(&l.credit) > someCredit {
		return true
	}
	if atomic.LoadUint32(&l.trial) != 0 {
		return false
	}
	release.Store(&l.trial, 1)
	return true
}

// times says whether the wait that begins is timed.
func (l *linger) times() bool {
	waits := atomic.LoadUint32(&l.waits)
	release.Store(&l.waits, waits+1)
	return waits%lingerSampled == 0
}

// paid notes a wait that brought the answer.
func (l *linger) paid() {
	switch credit := atomic.LoadUint32(&l.credit); {
	case credit < mostCredit:
		release.Store(&l.credit, credit+1)
	case atomic.LoadUint32(&l.pause) != 0:
		release.Store(&l.pause, 0)
	}
}

// took notes a wait that was in vain or long. Without credit a while begins in which all park,
// twice as long as the last one unless many paid since then. Waits that began before it say
// nothing about what comes after it.
func (l *linger) took(credit uint32) {
	if atomic.LoadUint32(&l.parks) != 0 {
		return
	}
	if has := atomic.LoadUint32(&l.credit); has > credit {
		release.Store(&l.credit, has-credit)
		return
	}
	pause := min(max(leastPause, 2*atomic.LoadUint32(&l.pause)), mostPause)
	release.Store(&l.pause, pause)
	release.Store(&l.credit, someCredit)
	release.Store(&l.waits, 0)
	release.Store(&l.parks, pause)
}
