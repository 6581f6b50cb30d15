package driver

import (
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/release"
)

// duty is to receive for the connection whenever nobody else does. One goroutine has it.
// Where that has just received a request whose handler is expected to return soon, or to
// receive by itself what comes through the request's channels, it runs the handler itself,
// without the role, and goes on receiving after it: to hand the request to another goroutine
// wakes a second thread, which takes the processor that the peer polls on. When nobody
// receives for long after all, the duty is given to a goroutine that is free.
type duty struct {
	// away is the number of the handler that runs meanwhile, 0 for none; atomic. Who sets it
	// back has the duty: the goroutine itself, or who relieves it.
	away   uint32
	runs   uint32      // handlers so far; the goroutine's
	looked uint32      // away at the caretaker's last look; the caretaker's
	late   atomic.Bool // relieved because its handler neither ended nor waited for long
}

// takeDuty starts a goroutine that has the duty until the connection ends, or it is relieved
// of it.
func (c *conn) takeDuty() {
	if !c.workers.enter() {
		return // the connection has ended: nobody needs to receive
	}
	d := new(duty)
	c.duty.Store(d)
	go func() {
		defer c.workers.leave()
		defer func() { c.relieve(d, d.runs) }() // where a handler has ended this goroutine
		c.pump(d)
	}()
}

// relieve gives the duty to another goroutine if that which has it still runs its handler of
// that number, and says whether it did.
func (c *conn) relieve(d *duty, run uint32) bool {
	if run == 0 || !atomic.CompareAndSwapUint32(&d.away, run, 0) {
		return false
	}
	c.takeDuty()
	return true
}

// callDuty is for who needs somebody to sleep in the transport's wait.
func (c *conn) callDuty() {
	c.role.standby.call()
	if d := c.duty.Load(); d != nil {
		c.relieve(d, atomic.LoadUint32(&d.away))
	}
}

// relieveLate relieves a goroutine that runs the same handler as at the last look, if nobody
// has received since, and says whether it runs one that has to be looked at again. It is the
// caretaker's.
func (c *conn) relieveLate(lapsed bool) (again bool) {
	d := c.duty.Load()
	if d == nil {
		return false
	}
	run := atomic.LoadUint32(&d.away)
	switch {
	case run != d.looked:
		d.looked = run
		return run != 0
	case run == 0 || !lapsed:
		return run != 0
	}
	d.late.Store(true) // before who runs it can see that it is relieved
	if !c.relieve(d, run) {
		d.late.Store(false)
	}
	return false
}

// runsItself says that the goroutine that has just received s is to run it. It holds the
// role.
func (c *conn) runsItself(s *served) bool {
	return c.role.pump.Load() && c.alone && c.paces.suits(s) && !c.park.needs(false) && !c.listens()
}

// runOwn runs the handler of c.own, without the role, and says whether the goroutine still
// has the duty. The caller holds the role.
func (c *conn) runOwn(d *duty) bool {
	s := c.own
	c.own = nil
	d.runs = max(1, d.runs+1)
	release.Store(&d.away, d.runs) // before the role is free, and before the caretaker can look
	c.role.held.Store(false)
	// Looked at after the role is free: who waits from now on calls. That the goroutine
	// goes in the moment in which it is needed says nothing about the handler.
	needed := c.park.needs(false) || c.listens()
	if needed {
		c.relieve(d, d.runs)
	}
	c.tend()
	method, streams := s.request.Method, s.streams()
	timed, began := !streams && d.runs%sampled == 0, time.Time{}
	if timed {
		began = time.Now()
	}
	s.runHere()
	if timed {
		c.paces.took(method, time.Since(began))
	}
	if atomic.CompareAndSwapUint32(&d.away, d.runs, 0) {
		return true
	}
	if late := d.late.Load(); late || !needed && !streams {
		c.paces.took(method, firstTending)
	}
	c.rouseTended() // as any handler that received by itself
	return false
}
