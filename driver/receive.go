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
	batch := c.batch[:n]
	for i := range batch {
		if c.ended.Load() {
			forgo(batch[i:])
			return n
		}
		readied = c.take(&batch[i]) || readied
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

// take runs one message through the core and says whether a goroutine got ready to run:
// a handler, or one that waited.
func (c *conn) take(a *transport.Arrival) (readied bool) {
	c.mu.Lock()
	if a.Loan != nil && a.Kind == wire.KindData {
		c.place(a)
	}
	err := c.core.Receive(&a.Message, a.Size)
	c.fx = c.core.TakeEffects(c.fx)
	arrived := len(c.fx) > 0 && c.fx[0].Kind == core.Arrived
	if arrived { // at once: the connection's end ends its context from now on
		s := c.servedOf(c.fx[0].Request)
		s.ctx = s.newContext(a.Metadata)
	}
	c.core.Processed(a.Seq) // a Request opens no channels of this side's ids
	c.mu.Unlock()
	if err == nil && arrived {
		return c.arrived(c.fx[0].Request, a.Loan)
	}
	if a.Loan != nil {
		a.Loan.Release()
	}
	if err != nil {
		c.fail(err)
		return false
	}
	return c.carryOut(c.fx, c.leads)
}
