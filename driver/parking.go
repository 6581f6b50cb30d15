package driver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/forecast"
	"github.com/roam-rpc/roam-go/internal/sched"
	"github.com/roam-rpc/roam-go/internal/transport"
)

// waiter is one goroutine's wait. Its owner alone uses it but for sleeper, state, queued and in,
// signal and peek.
type waiter struct {
	sleeper sched.Sleeper
	ready   func() bool // what is waited for, or the connection's end
	naps    bool        // may sleep as a leader: only a message can make it ready
	answer  bool        // waits for the answer to what was just sent
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

	state  uint32 // one of those below; atomic
	queued uint32 // 1 in the queue; changed under parking.mu, read by atomic loads

	listed    bool // was put into waiters, blocked or both as this wait began
	following bool // is parked, and leaves receiving to others; guarded by parking.mu
	in        [listKinds]neighbours
}

// The states of a waiter. It is parked, by what it says, before its last look at what it waits
// for.
const (
	awake    = iota // need not be signaled
	parked          // by something that another receives, or that is no message
	takes           // takes the role if it is made responsible
	promoted        // was made responsible, and is signaled
)

func newWaiter(ready func() bool) *waiter { return &waiter{ready: ready} }

// signal has the waiter look again, if it is parked. What it is to see has come about before.
func (w *waiter) signal() {
	if atomic.LoadUint32(&w.state) != awake {
		w.sleeper.Wake()
	}
}

// parking is where the goroutines of a connection wait that do not receive.
type parking struct {
	mu      sync.Mutex
	waiters waiterList // those that do not take the role
	blocked waiterList // those that lookAround wakes, whether they take it or not

	// queue are those that take the role, in the order in which they came into it. Who waited
	// for an answer stays there while it is awake, as it often waits again soon: to wait
	// changes nothing then that others change.
	queue  waiterList
	enough uint32 // waiters in the queue before those go that are awake; guarded by mu

	followers uint32 // those of waiters that leave receiving to others; guarded by mu

	sleeps forecast.Sleep // of those who received, and for whom nothing came while they polled
}

func (p *parking) init() {
	p.waiters.kind, p.blocked.kind, p.queue.kind = inWaiters, inBlocked, inQueue
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

// enter begins a wait, and leave ends it.
func (p *parking) enter(w *waiter, leads, follows bool) {
	how := uint32(parked)
	if leads {
		how = takes
	}
	w.sleeper.Reset() // what it was woken for so far is looked at yet
	atomic.StoreUint32(&w.state, how)
	if w.listed = !leads || w.blocked() || !w.answer; w.listed {
		p.list(w, leads, follows)
	} else if atomic.LoadUint32(&w.queued) == 0 { // looked at after the state is set, see dismiss
		p.enqueue(w)
	}
}

// leave says whether w was made responsible meanwhile.
func (p *parking) leave(w *waiter) (responsible bool) {
	responsible = atomic.SwapUint32(&w.state, awake) == promoted
	if w.listed {
		p.unlist(w)
	}
	return responsible
}

func (p *parking) list(w *waiter, leads, follows bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !leads {
		p.waiters.add(w)
	}
	if w.following = follows; follows {
		p.followers++
	}
	if w.blocked() {
		p.blocked.add(w)
	}
	if leads {
		p.putIn(w)
	}
}

func (p *parking) unlist(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiters.remove(w)
	if w.following {
		p.followers--
	}
	p.blocked.remove(w)
	p.putOut(w)
}

func (p *parking) enqueue(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.putIn(w)
}

// forget takes w, which is awake and does not wait again soon, out of the queue.
func (p *parking) forget(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.putOut(w)
}

// fewQueued are so few that none is put out of the queue for their number.
const fewQueued = 64

// putIn puts w at the end of the queue, unless it is there, and those that are awake out of it
// where they may be many. The caller holds the lock.
func (p *parking) putIn(w *waiter) {
	if w.in[inQueue].here {
		return
	}
	if p.queue.n >= max(p.enough, fewQueued) {
		p.queue.each(func(w *waiter) { p.dismiss(w) })
		p.enough = 2 * p.queue.n
	}
	p.queue.add(w)
	atomic.StoreUint32(&w.queued, 1)
}

// putOut takes w out of the queue, if it is there. The caller holds the lock.
func (p *parking) putOut(w *waiter) {
	if w.in[inQueue].here {
		atomic.StoreUint32(&w.queued, 0)
		p.queue.remove(w)
	}
}

// dismiss puts w out of the queue if it is awake, and says whether it did. The caller holds
// the lock.
func (p *parking) dismiss(w *waiter) bool {
	if atomic.LoadUint32(&w.state) == takes {
		return false // which the look below would find as well, for more
	}
	// Out first, then looked at: w parks first, and looks then whether it is out.
	atomic.StoreUint32(&w.queued, 0)
	if atomic.LoadUint32(&w.state) == takes {
		atomic.StoreUint32(&w.queued, 1)
		return false
	}
	p.queue.remove(w)
	return true
}

// needs says whether somebody waits; butFollowers, somebody who does not leave receiving to
// others.
func (p *parking) needs(butFollowers bool) bool {
	if p.waiters.len() == 0 && p.queue.len() == 0 {
		return false // who enters now looks at the role after it
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	others := p.waiters.n
	if butFollowers {
		others -= p.followers
	}
	for others == 0 && p.queue.first != nil {
		if !p.dismiss(p.queue.first) {
			return true
		}
	}
	return others > 0
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

// promote makes the first waiter of the queue responsible for the role.
func (p *parking) promote() bool {
	if p.queue.len() == 0 {
		return false // who enters now looks at the role after it
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := p.queue.first; w != nil; w = p.queue.first {
		p.putOut(w) // first, see dismiss
		if atomic.CompareAndSwapUint32(&w.state, takes, promoted) {
			w.signal()
			return true
		}
	}
	return false
}

// wakeAll lets everybody look again.
func (p *parking) wakeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiters.each((*waiter).signal)
	p.queue.each((*waiter).signal)
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
			c.park.forget(w)
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
	case w.ready() || c.ended.Load() || follows && !w.follows():
	case !leads && w.naps:
		began := time.Now()
		w.block(ctx)
		c.park.slept(time.Since(began))
	case !leads || c.role.held.Load():
		w.block(ctx)
	}
	return c.park.leave(w)
}

func (w *waiter) block(ctx context.Context) {
	done := ctx.Done()
	if w.every == 0 && done == nil {
		w.sleeper.Sleep()
		return
	}
	var tick <-chan time.Time
	if w.every > 0 {
		t := time.NewTimer(w.every)
		defer t.Stop()
		tick = t.C
	}
	w.sleeper.SleepUnless(done, tick)
}

// lookAround is called when something other than a message may have come about:
// room, a slot, credit. Those who wait look again, and what is queued goes out.
func (c *conn) lookAround() {
	c.park.wakeBlocked()
	c.flush()
}
