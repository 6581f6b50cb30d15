package core

import (
	"sync/atomic"

	"github.com/roam-rpc/roam-go/wire"
)

// Out is a message that the core decided to send by itself, waiting for room. Its
// number is bounded by requests in flight and open channels.
type Out struct {
	Message wire.Message
	channel *Channel // whose Close, Reset or Credit it is
	request *Request // whose Response it is
}

// outbox keeps messages in the order in which they were decided.
type outbox struct {
	queue []*Out
	// waiting says that the queue is not empty, to those who have no part in it.
	waiting atomic.Bool
}

func (o *outbox) len() int { return len(o.queue) }

// set makes q the queue.
func (o *outbox) set(q []*Out) {
	o.queue = q
	if waiting := len(q) > 0; waiting != o.waiting.Load() {
		o.waiting.Store(waiting)
	}
}

func (o *outbox) push(m Out) { o.set(append(o.queue, &m)) }

// discard takes back what was queued for a channel.
func (o *outbox) discard(ch *Channel) {
	if len(o.queue) == 0 {
		return
	}
	kept := o.queue[:0]
	for _, m := range o.queue {
		if m.channel != ch {
			kept = append(kept, m)
		}
	}
	clear(o.queue[len(kept):])
	o.set(kept)
}

func (o *outbox) clear() { o.set(nil) }

// Queued says whether NextOut would give something. Unlike the other methods it may be
// called at any time.
func (c *Core) Queued() bool { return c.outbox.waiting.Load() }

// NextOut is the message to send next, nil when there is none. It stays queued until
// Published.
func (c *Core) NextOut() *Out {
	if len(c.outbox.queue) == 0 {
		return nil
	}
	return c.outbox.queue[0]
}

// CommitOut says whether m, as NextOut gave it, is still to be sent; the driver then
// publishes it in the same step and calls Published.
func (c *Core) CommitOut(m *Out) bool {
	return c.err == nil && c.NextOut() == m
}

// Published takes m out of the outbox: it lies in the ring or the stream.
func (c *Core) Published(m *Out) {
	c.outbox.queue[0] = nil
	c.outbox.set(c.outbox.queue[1:])
	switch m.Message.Kind {
	case wire.KindResponse:
		c.answer(m.request)
	case wire.KindClose, wire.KindReset:
		c.endPublished(m.channel)
	case wire.KindCredit:
		m.channel.credit = nil
	}
}

// replace puts next in the place of a message that is queued, so that whoever looked
// at the old one sees at CommitOut that it is gone.
func (o *outbox) replace(old, next *Out) {
	for i, m := range o.queue {
		if m == old {
			o.queue[i] = next
			return
		}
	}
}
