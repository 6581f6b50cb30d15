package driver

import (
	"runtime"
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/release"
	"github.com/roam-rpc/roam-go/internal/sched"
)

// linger decides how a goroutine waits for its answer while another one receives: parked, or
// in the queue of the P, where the program has one. Where many call at once the answer has
// come when the goroutine's turn comes again, and to go through the queue costs less than to
// park and to be made ready, and takes no longer.
//
// With more Ps it does not: a goroutine in the queue of one waits for those before it though
// another P may be idle, and where there are more threads than processors, for as long as
// the kernel keeps the P's thread waiting, milliseconds.
//
// Several goroutines write to it at once, and may lose each other's notes.
type linger struct {
	alone  uint32 // 1 where there was one P when that was last asked; written only where it changes
	credit uint32 // what waits in vain take from, and others add to
	parks  uint32 // how many are to park before one lingers again
	pause  uint32 // how many were to, the last time; 0 once lingering has paid
	trial  uint32 // 1 while one lingers to see whether it pays again
}

const (
	lingerTurns = 2  // in the queue, at most, before who waits parks
	lingerAsks  = 64 // of so many waits of a waiter one asks for the number of Ps, the first among them

	mostCredit = 64
	someCredit = 8 // to try again with, one at a time
	vainCredit = 8 // what a wait takes that was in vain
	leastPause = 64
	mostPause  = 1024
)

// lingers waits for the answer of w in the queue of the P, and says whether w need not park:
// the answer has come, or nobody receives any more. The caller does not hold the role.
func (c *conn) lingers(w *waiter) bool {
	l := &c.linger
	if !w.answer {
		return false
	}
	if w.waits%lingerAsks == 0 {
		l.ask()
	}
	w.waits++
	if !l.begins() {
		return false
	}
	ready, free := false, false
	for turn := 0; turn < lingerTurns && !ready && !free; turn++ {
		sched.Yield()
		ready, free = w.ready(), !c.role.held.Load()
	}
	switch {
	case ready:
		l.paid()
	case !free:
		l.inVain()
	}
	release.Store(&l.trial, 0)
	return ready || free
}

// begins says whether the wait that begins is not to park, and counts it if it is.
func (l *linger) begins() bool {
	if atomic.LoadUint32(&l.alone) == 0 {
		return false
	}
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

// ask asks for the number of Ps.
func (l *linger) ask() {
	alone := uint32(0)
	if runtime.GOMAXPROCS(0) == 1 {
		alone = 1
	}
	if atomic.LoadUint32(&l.alone) != alone {
		release.Store(&l.alone, alone)
	}
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

// inVain notes a wait that did not. Without credit a while begins in which all park, twice as
// long as the last one unless many paid since then. Waits that began before it say nothing
// about what comes after it.
func (l *linger) inVain() {
	if atomic.LoadUint32(&l.parks) != 0 {
		return
	}
	if has := atomic.LoadUint32(&l.credit); has > vainCredit {
		release.Store(&l.credit, has-vainCredit)
		return
	}
	pause := min(max(leastPause, 2*atomic.LoadUint32(&l.pause)), mostPause)
	release.Store(&l.pause, pause)
	release.Store(&l.credit, someCredit)
	release.Store(&l.parks, pause)
}
