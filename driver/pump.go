package driver

import (
	"context"
	"sync/atomic"
	"time"
)

// standby is where Run waits that gave the role to one who wanted it. It keeps no thread,
// as a sleep in the transport may, and gets the role back without anybody having to arm;
// but it hears nothing from the transport. Whoever gives the role up, or needs what only
// the transport's wait tells, calls it.
type standby struct {
	here atomic.Bool
	wake chan struct{} // capacity 1, for the one token of each time that here is set
}

// call has Run go on if it stands by, and says whether it did.
func (s *standby) call() bool {
	if !s.here.Load() || !s.here.CompareAndSwap(true, false) {
		return false
	}
	s.wake <- struct{}{}
	return true
}

// pump receives when nobody else does, until the connection ends or somebody else has the
// duty.
func (c *conn) pump(d *duty) {
	slept := time.Duration(0)
	awake := false // since the last look
	for !c.ended.Load() {
		if c.tryRole() {
			if !awake {
				c.spin.slept(slept)
			}
			c.role.pump.Store(true)
			c.leadIdly(slept < shortSleep, awake)
			c.role.pump.Store(false)
			if c.own != nil {
				if !c.runOwn(d) {
					return
				}
				awake = true
				continue
			}
			if c.role.wanted.Load() > 0 && c.role.expects > 0 && !c.listens() {
				c.standBy()
				slept = 0
				continue
			}
			c.stepDown(nil)
		}
		if c.ended.Load() {
			return
		}
		awake = false
		began := time.Now()
		if c.tr.Wait(c.busy()) != nil {
			// Receive gives the end after what still lies there.
			_ = c.awaitEnd(context.Background())
		}
		slept = time.Since(began)
		c.lookAround()
	}
}

// listens says whether something is waited for of which the transport's wait tells.
func (c *conn) listens() bool {
	return c.ended.Load() || c.outWait.armed.Load() || c.park.blocked.len() > 0
}

// standBy gives the role to one who wants it, and waits until it is free again or the
// transport's wait is needed.
func (c *conn) standBy() {
	s := &c.role.standby
	s.here.Store(true) // before the role is free: whoever has it next finds this
	c.role.held.Store(false)
	if c.listens() || c.role.wanted.Load() == 0 && !c.role.held.Load() {
		s.call()
	}
	<-s.wake
}

// leadIdly receives while messages come, and spins a little for more: after a long sleep
// only when more than one batch came. The peer of a side that slept for long may wait for
// this processor, and sleeps long before it sends again. It ends with a handler to run;
// after that it goes on where it ended.
func (c *conn) leadIdly(spins, goesOn bool) {
	c.spin.start()
	if goesOn && !spins {
		c.spin.skip()
	}
	for c.role.wanted.Load() == 0 && !c.ended.Load() && c.own == nil {
		switch c.poll() {
		case found:
			c.spin.start()
			if !spins {
				c.spin.skip()
			}
		case over:
			if c.receive() == 0 {
				return
			}
			c.spin.start()
		}
	}
}
