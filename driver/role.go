package driver

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/release"
	"github.com/roam-rpc/roam-go/internal/sched"
	"github.com/roam-rpc/roam-go/internal/transport"
)

// role is the right to receive for the whole connection. Whoever holds it takes
// messages off the transport and carries out what follows; giving it up always makes
// somebody responsible for the next message: a parked waiter, or Run through the wait
// that is armed.
//
// Arming and disarming cost as much as a message, and a peer that finds the wait armed
// makes a system call. So a goroutine that has what it waited for leaves the role without
// arming where nothing is expected but what its next call or Recv will take; the
// [caretaker] arms when that does not come soon.
type role struct {
	held atomic.Bool
	// pump says that Run holds the role; it gives it up to anyone who wants it.
	pump   atomic.Bool
	wanted atomic.Int32
	// napper is the waiter whose goroutine sleeps as a leader.
	napper  atomic.Pointer[waiter]
	standby standby // of Run, while another has the role that Run had

	mu    sync.Mutex  // held while armed changes together with the transport's wait for messages
	armed atomic.Bool // Run is woken by a message

	// expects is how many more who got what they waited for are to arm at once: the peer
	// has sent a Request lately. It belongs to who holds the role; others read it by atomic
	// loads.
	expects uint32
	tended  atomic.Bool // the caretaker knows the connection
	idle    atomic.Bool // set by the caretaker, cleared by who takes the role

	// rested says that the peer was told of all that was received. Who holds the role changes
	// it.
	rested atomic.Bool
}

// handOverRounds is how often a goroutine that is done receives for others, because
// messages came while it handed over, before it leaves them to Run.
const handOverRounds = 3

// What bounds a leader's sleep. A brief nap that keeps its P has more time, since a timer
// that ends before the kernel's next tick costs microseconds to set. Neither is told of its
// context's end, which costs memory to ask for.
const (
	napLimit  = time.Millisecond
	holdLimit = 8 * time.Millisecond
	leastNap  = 50 * time.Microsecond // past its deadline a context may take a moment to end
)

// takeover is how many rounds a goroutine tries to get the role from Run before it
// parks; Run looks once a spin whether somebody wants it.
const takeover = 64

// expectation is for how many waits of this side the peer is expected to send another
// Request after one. Who comes back soon counts for several.
const (
	expectation = 16
	soonSpends  = 4
)

func (c *conn) tryRole() bool {
	if c.role.held.Load() || !c.role.held.CompareAndSwap(false, true) {
		return false
	}
	// held first, then armed, as arm does it the other way round: one of the two
	// disarms.
	if c.role.armed.Load() {
		c.disarm()
	}
	if c.role.idle.Load() {
		c.role.idle.Store(false)
	}
	return true
}

// arm makes Run responsible for the next message, unless somebody holds the role, who
// hands it on. The caller looks after it whether one has come.
func (c *conn) arm() {
	c.role.mu.Lock()
	defer c.role.mu.Unlock()
	if c.role.held.Load() || c.role.armed.Load() {
		return
	}
	c.tr.Arm(transport.Messages, 0)
	c.role.armed.Store(true)
	if c.role.held.Load() { // taken meanwhile by one who saw nothing armed
		c.role.armed.Store(false)
		c.tr.Disarm(transport.Messages, 0)
		return
	}
	c.role.standby.call() // Run may have had the role, and given it up, since the caller's look
}

func (c *conn) disarm() {
	c.role.mu.Lock()
	defer c.role.mu.Unlock()
	if c.role.armed.Load() {
		c.role.armed.Store(false)
		c.tr.Disarm(transport.Messages, 0)
	}
}

// takeRole is tryRole that gets the role from Run when Run only polls.
func (c *conn) takeRole() bool {
	if c.tryRole() {
		return true
	}
	if !c.role.pump.Load() {
		return false
	}
	c.role.wanted.Add(1)
	got := false
	for i := 0; i < takeover && !got && c.role.pump.Load(); i++ {
		runtime.Gosched()
		got = c.tryRole()
	}
	c.role.wanted.Add(-1)
	if !got {
		c.role.standby.call() // Run may have given the role up for this one
	}
	return got
}

// rest tells the peer of what was received, before that may be all for long. The caller
// holds the role.
func (c *conn) rest() {
	c.tr.Rest()
	c.tr.Notify()
	c.role.rested.Store(true)
}

// unsettled says, of a connection that has just been armed, that it is not to be left so: a
// message lies there, or somebody who had the role meanwhile left it by stepAside and did
// not rest, which the caretaker would see to only where nothing is armed.
func (c *conn) unsettled() bool { return c.tr.Pending() || !c.role.rested.Load() }

// stepDown gives the role up and sees to it that somebody is responsible. w is what the
// calling goroutine waits for or has got, nil for nothing.
func (c *conn) stepDown(w *waiter) {
	c.rest()
	c.role.held.Store(false)
	c.handOver(w)
}

// stepAside is stepDown of a goroutine that has what it waited for by w.
func (c *conn) stepAside(w *waiter) {
	if w.returns {
		w.left = time.Now()
	}
	spent := uint32(1)
	if w.soon {
		spent = soonSpends
	}
	quiet := c.role.expects == 0
	if !quiet {
		release.Store(&c.role.expects, c.role.expects-min(spent, c.role.expects))
		c.rest()
	}
	c.role.held.Store(false)
	// Looked at after the role is free: who waits from now on looks at the role itself.
	switch {
	case !quiet:
		c.handOver(w)
	case !c.park.needs(w.soon) && !c.ended.Load():
		if c.park.waiters.len() > 0 { // who leave receiving to this one
			c.tend()
		} else {
			c.tendRarely()
		}
	case c.promote():
	case c.tryRole(): // nobody goes on receiving: what was received is told first
		c.stepDown(w)
	}
}

// handOver makes somebody responsible for the next message when the role is free. w is as
// for stepDown: the goroutine looks at it itself, and need not be woken.
func (c *conn) handOver(w *waiter) {
	for range handOverRounds {
		if c.promote() {
			return
		}
		c.arm()
		// Armed first, then looked: a message from before the peer could see the
		// wait is found here, a later one wakes Run.
		if !c.unsettled() || c.ended.Load() || !c.tryRole() {
			return
		}
		c.leads = w
		c.receive()
		c.leads = nil
		c.rest()
		c.role.held.Store(false)
	}
	// The peer keeps sending: Run takes over, and this goroutine goes on with its own.
	c.arm()
	c.tr.Interrupt()
}

// promote makes the waiter responsible that is to take the role next, or Run if it stands
// by, and says whether there was either.
func (c *conn) promote() bool { return c.park.promote() || c.role.standby.call() }

// rouse makes Run responsible when nobody is, and tells the peer what it was not told.
func (c *conn) rouse() {
	if c.role.armed.Load() || !c.tryRole() {
		return
	}
	c.rest()
	c.role.held.Store(false)
	if c.promote() {
		return // it found the role held meanwhile
	}
	c.arm()
	if c.role.armed.Load() && c.unsettled() { // else whoever has it is responsible
		c.tr.Interrupt()
	}
}

// lead receives for the connection until w is ready, ctx ends, or nothing came for
// as long as spinning pays. The caller holds the role and steps down after it.
func (c *conn) lead(ctx context.Context, w *waiter) {
	c.leads = w
	defer c.leadsNobody()
	begins := true
	for !w.ready() && ctx.Err() == nil && !c.ended.Load() {
		if begins {
			c.startSpell(w)
			begins = false
		}
		polled := c.poll()
		if c.park.wakeReady() {
			sched.Yield() // they run before this goroutine polls again
			c.spin.start()
		}
		switch polled {
		case found:
			begins = true
		case over:
			if c.receive() > 0 { // which also looks whether the connection has ended
				c.spin.start()
			} else if began := time.Now(); !w.naps || !c.park.brief() || !c.nap(ctx, w) {
				return
			} else {
				slept := time.Since(began)
				c.spin.slept(slept)
				c.park.slept(slept)
				if c.park.blocked.len() > 0 {
					c.spin.start() // whoever blocked just now rang
				}
			}
		}
	}
}

// leadsNobody is for the end of lead, whichever way that is.
func (c *conn) leadsNobody() { c.leads = nil }

// startSpell begins to poll for w. A peer that has to wake up first, by a message or by the
// answer to its own call, is polled for as long as pays there.
func (c *conn) startSpell(w *waiter) {
	if w.answer && c.tr.Woke() {
		c.spin.startForWoken()
	} else {
		c.spin.start()
	}
}

// nap sleeps on the transport's own word, up to a limit and the context's deadline. false:
// it cannot be done here.
func (c *conn) nap(ctx context.Context, w *waiter) bool {
	c.grantWithheld()
	c.rest()
	c.role.standby.call()  // nothing else tells of the peer's death
	c.role.napper.Store(w) // before the look: whoever changes w after it rings
	defer c.role.napper.Store(nil)
	c.bell.See()
	if w.ready() || c.ended.Load() || c.tr.Pending() {
		return true
	}
	limit := napLimit
	// Other callers, or a handler, would want the processor that a sleep can keep.
	holds := !c.park.needs(false) && c.role.expects == 0
	if holds {
		limit = holdLimit
	}
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, max(leastNap, time.Until(deadline)))
	}
	return c.tr.Nap(&c.bell, limit, holds)
}

// wake lets the goroutine of w look again, wherever it sleeps.
func (c *conn) wake(w *waiter) {
	w.signal()
	c.ringNapper(w)
}

// ringNapper is wake of one that sleeps as a leader.
func (c *conn) ringNapper(w *waiter) {
	if c.role.napper.Load() == w {
		c.bell.Ring()
	}
}

// awaitEnd receives until the connection has ended, as one whose transport is over
// soon does, or ctx ends.
func (c *conn) awaitEnd(ctx context.Context) error {
	c.bell.Ring() // a leader that naps is to look
	w := newWaiter(c.ended.Load)
	w.every = slotTick
	return c.await(ctx, w)
}
