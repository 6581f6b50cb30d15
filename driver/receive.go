package driver

import (
	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/internal/sched"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// receive takes one batch of messages and carries out what follows. It says how many
// messages there were. The caller holds the role.
func (c *conn) receive() int { return c.receiveWithin(0) }

// receiveWithin is receive that looks so many times for a message.
func (c *conn) receiveWithin(looks int) int {
	n, err := c.tr.Poll(c.batch, looks)
	readied := false
	c.alone = n == 1
	for rest := c.batch[:n]; len(rest) > 0; {
		if c.ended.Load() {
			forgo(rest)
			return n
		}
		took, woke := c.take(rest)
		rest = rest[took:]
		readied = readied || woke
	}
	if err != nil {
		c.fail(err)
		return n
	}
	if n > 0 {
		if c.role.rested.Load() {
			c.role.rested.Store(false)
		}
		c.lookAround() // places in flight, channel ids and room may be free again
		c.tr.Notify()
		if !readied { // else others run now, in any case
			c.courtesy.received()
		}
	}
	if readied {
		// Handlers and callers run before this goroutine polls again, and on its thread:
		// another one would take the processor that the peer polls on.
		sched.Yield()
	}
	return n
}

// take runs messages through the core in one step, up to a Request, whose handler is started
// before the next message, or one that lies in a loan. It says how many those are, and
// whether a goroutine got ready to run: a handler, or one that waited.
func (c *conn) take(batch []transport.Arrival) (n int, readied bool) {
	var a *transport.Arrival
	var err error
	c.mu.Lock()
	for {
		a = &batch[n]
		n++
		if a.Loan != nil && a.Kind == wire.KindData {
			c.place(a)
		}
		err = c.core.Receive(&a.Message, a.Size)
		c.core.Processed(a.Seq) // a Request opens no channels of this side's ids
		if n == len(batch) || err != nil || a.Kind == wire.KindRequest || a.Loan != nil {
			break
		}
	}
	c.fx = c.core.TakeEffects(c.fx)
	fx, request := c.fx, (*core.Request)(nil)
	if last := len(fx) - 1; err == nil && last >= 0 && fx[last].Kind == core.Arrived {
		fx, request = fx[:last], fx[last].Request
		s := c.servedOf(request) // at once: the connection's end ends its context from now on
		s.ctx = s.newContext(a.Metadata)
	}
	c.mu.Unlock()
	readied = c.carryOut(fx, c.leads)
	if request != nil {
		return n, c.arrived(request, a.Loan) || readied
	}
	if a.Loan != nil {
		a.Loan.Release()
	}
	if err != nil {
		c.fail(err)
	}
	return n, readied
}
