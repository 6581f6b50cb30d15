package driver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/forecast"
	"github.com/roam-rpc/roam-go/internal/release"
	"github.com/roam-rpc/roam-go/internal/transport"
)

// waiter is one goroutine's wait. Its owner alone uses it but for wake.
type waiter struct {
	wake  chan struct{} // capacity 1; spurious tokens are harmless
	ready func() bool   // what is waited for, or the connection's end
	naps  bool          // may sleep as a leader: only a message can make it ready
	// answer: waits for the answer to what was just sent.
	answer bool
	// follows says, where it is not nil, that others wait for more than this one does: it
	// leaves receiving to them, and is woken when that changes.
	follows func() bool
	// kind and id say what the transport is asked to watch for; Messages needs no
	// asking, whoever receives sees to it.
	kind transport.Kind
	id   uint32
	// every: look again at least so often, 0 = no need. Such a waiter, and one with a
	// kind, is woken by lookAround.
	every time.Duration
	// peek is ready without the connection's end, for any goroutine to call; nil where
	// ready does more than look.
	peek func() bool
	// returns: waits again and again, as one who takes items off a channel. Where that was
	// soon the last time, it is expected to receive again soon.
	returns, soon bool
	left          time.Time // when it got what it waited for, zero once it was back

	following bool // is parked, and leaves receiving to others; guarded by parking.mu

	waits uint32 // for an answer, so far

	// parked is 1 while who waits for an answer has to be signaled that it came; atomic. It
	// is set before a last look.
	parked uint32

	// Guarded by parking.mu.
	in       [listKinds]neighbours
	promoted bool // was made responsible, has not acted on it
}

func newWaiter(ready func() bool) *waiter {
	return &waiter{wake: make(chan struct{}, 1), ready: ready}
}

func (w *waiter) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// parking is where the goroutines of a connection wait that do not receive.
type parking struct {
	mu      sync.Mutex
	waiters waiterList
	blocked waiterList // those of waiters that lookAround wakes
	queue   waiterList // those that take the role, oldest first

	followers uint32 // those of waiters that leave receiving to others; guarded by mu

	sleeps forecast.Sleep // of those who received, and for whom nothing came while they polled
}

func (p *parking) init() {
	p.waiters.kind, p.blocked.kind, p.queue.kind = inAll, inBlocked, inQueue
}

// soonBack is how long one who takes items off a channel may be away for others to rely on
// its return.
const soonBack = 100 * time.Microsecond

// isBack notes how long the waiter was away.
func (w *waiter) isBack() {
	if !w.left.IsZero() {
		w.soon = time.Since(w.left) < soonBack
		w.left = time.Time{}
	}
}

func (w *waiter) blocked() bool { return w.kind != transport.Messages || w.every > 0 }

func (p *parking) enter(w *waiter, leads, follows bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiters.add(w)
	w.following = follows
	if follows {
		p.followers++
	}
	if w.blocked() {
		p.blocked.add(w)
	}
	if leads {
		p.queue.add(w)
	}
}

// leave ends the wait and says whether w was made responsible meanwhile.
func (p *parking) leave(w *waiter) (promoted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiters.remove(w)
	if w.following {
		p.followers--
	}
	p.blocked.remove(w)
	p.queue.remove(w)
	promoted, w.promoted = w.promoted, false
	return promoted
}

// needs says whether somebody waits; butFollowers, somebody who does not leave receiving to
// others.
func (p *parking) needs(butFollowers bool) bool {
	if p.waiters.len() == 0 {
		return false // who enters now looks at the role after it
	}
	if !butFollowers {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiters.n > p.followers
}

// brief says whether the sleep of one who received in vain is expected to be brief.
func (p *parking) brief() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sleeps.Brief()
}

// slept notes how long such a sleep was.
func (p *parking) slept(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sleeps.Took(d)
}

// promote makes the oldest waiter that takes the role responsible for it.
func (p *parking) promote() bool {
	if p.queue.len() == 0 {
		return false // who enters now looks at the role after it
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.queue.first
	if w == nil {
		return false
	}
	p.queue.remove(w)
	w.promoted = true
	w.signal()
	return true
}

// wakeAll lets everybody look again.
func (p *parking) wakeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiters.each((*waiter).signal)
}

// wakeBlocked lets those look again that wait for something other than a message
// of their own.
func (p *parking) wakeBlocked() {
	if p.blocked.len() == 0 {
		return // who enters now looks at its condition after it
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocked.each((*waiter).signal)
}

// wakeReady lets those look again whose credit or room has come, and says whether there
// were any.
func (p *parking) wakeReady() (woke bool) {
	if p.blocked.len() == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocked.each(func(w *waiter) {
		if w.peek != nil && w.peek() {
			w.signal()
			woke = true
		}
	})
	return woke
}

// await blocks until w is ready, which the connection's end makes everything, or ctx
// ends, whose error it returns.
func (c *conn) await(ctx context.Context, w *waiter) error {
	w.isBack()
	leads := true // false once nothing came for long: Run wakes this one
	for {
		if w.ready() {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.ended.Load() {
			return nil
		}
		follows := w.follows != nil && w.follows()
		leading := leads && !follows
		if leading && c.takeRole() {
			c.lead(ctx, w)
			if w.ready() {
				c.stepAside(w)
				return nil
			}
			c.stepDown(w)
			leads = false
			continue
		}
		if leading && c.lingers(w) {
			continue
		}
		if c.sleep(ctx, w, leading, follows) && c.tryRole() {
			// Made responsible: receive, or with nothing to wait for any more only
			// hand on. Who holds the role otherwise hands it on.
			c.lead(ctx, w)
			c.stepDown(w)
		}
		leads = true
	}
}

// sleep parks until something may have changed, and says whether w was made
// responsible for receiving.
func (c *conn) sleep(ctx context.Context, w *waiter, leads, follows bool) (promoted bool) {
	c.grantWithheld()
	atomic.StoreUint32(&w.parked, 1) // before the look whether it is ready
	c.park.enter(w, leads, follows)
	if w.kind != transport.Messages {
		c.tr.Arm(w.kind, w.id)
		defer c.tr.Disarm(w.kind, w.id)
		c.callDuty() // to hear of it
	}
	if w.peek != nil && c.role.napper.Load() != nil {
		c.bell.Ring() // who sleeps as a leader polls for this one, too
	}
	switch {
	case leads:
	case follows && atomic.LoadUint32(&c.role.expects) == 0:
		c.tend() // whoever uses the channels is expected to receive soon
	default:
		c.rouse() // somebody has to receive while this one sleeps
		c.callDuty()
	}
	switch {
	case w.ready() || c.ended.Load():
	case !leads && w.naps:
		began := time.Now()
		w.block(ctx)
		c.park.slept(time.Since(began))
	case !leads || c.role.held.Load():
		w.block(ctx)
	}
	release.Store(&w.parked, 0)
	return c.park.leave(w)
}

func (w *waiter) block(ctx context.Context) {
	if w.every == 0 && ctx.Done() == nil {
		<-w.wake // costs half of what a select does
		return
	}
	var tick <-chan time.Time
	if w.every > 0 {
		t := time.NewTimer(w.every)
		defer t.Stop()
		tick = t.C
	}
	select {
	case <-w.wake:
	case <-ctx.Done():
	case <-tick:
	}
}

// lookAround is called when something other than a message may have come about:
// room, a slot, credit. Those who wait look again, and what is queued goes out.
func (c *conn) lookAround() {
	c.park.wakeBlocked()
	c.flush()
}
