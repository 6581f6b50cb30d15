package core

import "github.com/roam-rpc/roam-go/wire"

// Request is one Request of the peer, until its Response is published.
type Request struct {
	ID, Method uint64
	// Metadata and Args alias the message that came; they are valid until the next
	// Receive, and longer when they are Owned.
	Metadata, Args []byte
	Owned          bool
	Channels       []*Channel
	// Owner is the driver's; it stays when the Request is used again.
	Owner any

	surplus bool
	refused bool // it gets no handler: no context is to end
}

// newRequest gives a Request for m, one that was recycled if there is any.
func (c *Core) newRequest(m *wire.Message) *Request {
	r := c.next
	if r != nil {
		c.next = nil
	} else if again, ok := c.requests.Get().(*Request); ok {
		r = again
	} else {
		r = new(Request)
	}
	r.ID, r.Method = m.ID, m.Method
	r.Metadata, r.Args, r.Owned = m.Metadata, m.Payload, m.Owned
	r.Channels = r.Channels[:0]
	r.surplus, r.refused = false, false
	return r
}

// Recycle lets a Request be used again that was answered and that nobody will touch
// any more. Unlike the other methods it may be called at any time. A Request comes into use
// again by Receive only. One that an effect names is in flight until the driver's step ends,
// and is not received into again before its effects were carried out.
func (c *Core) Recycle(r *Request) {
	clear(r.Channels)
	c.requests.Put(r)
}

// RecycleNext is Recycle for who receives, between two Receives: the next Request that comes
// is likely to be r.
func (c *Core) RecycleNext(r *Request) {
	if c.next != nil {
		c.Recycle(r)
		return
	}
	clear(r.Channels)
	r.Metadata, r.Args = nil, nil // it may lie there for long
	c.next = r
}

// End is one channel argument of a Request of the peer.
type End struct {
	ID    uint64
	Sends bool // this side sends
}

func (c *Core) request(m *wire.Message) error {
	if c.serving.get(m.ID) != nil {
		return violation(wire.RuleDuplicateRequest, "request id %d is in flight", m.ID)
	}
	if err := wire.CheckMetadata(m.Metadata); err != nil {
		return metadataViolation(err)
	}
	r := c.newRequest(m)
	if c.serving.len()-c.surplus >= MaxInFlight {
		return c.overrun(r)
	}
	c.serving.add(m.ID, r)
	c.effect(Arrived).Request = r
	return nil
}

// Refusal is an answer without a handler.
type Refusal byte

// Refusals, with their error variant on the wire.
const (
	UnknownMethod  Refusal = 1
	InvalidPayload Refusal = 2
)

// Refuse answers a request whose method is unknown or whose arguments do not decode.
// None of its channels was opened: what comes for them is dropped from now on.
func (c *Core) Refuse(r *Request, why Refusal) {
	if c.serving.get(r.ID) != r {
		return
	}
	c.lenient, r.refused = true, true
	c.queueResponse(r, nil, []byte{1, byte(why)})
}

// Respond queues the Response of a handler that ran on the receiving goroutine.
// The core keeps metadata, an encoded list, and payload until it is sent.
func (c *Core) Respond(r *Request, metadata, payload []byte) {
	if c.serving.get(r.ID) == r {
		c.queueResponse(r, metadata, payload)
	}
}

func (c *Core) queueResponse(r *Request, metadata, payload []byte) {
	m := wire.Message{Kind: wire.KindResponse, ID: r.ID, Metadata: metadata, Payload: payload}
	c.outbox.push(Out{Message: m, request: r})
}

// Accept opens the channels of a request, or tells which rule its ids break; the
// connection then ends, and with it the channels opened so far.
func (c *Core) Accept(r *Request, ends []End) error {
	if c.err != nil {
		return c.err
	}
	for _, e := range ends {
		if err := c.checkEnd(e.ID); err != nil {
			return err
		}
		ch := &Channel{ID: e.ID, Sends: e.Sends, window: windowOf(e.ID)}
		r.Channels = append(r.Channels, ch)
		c.open(ch)
	}
	return nil
}

func (c *Core) checkEnd(id uint64) error {
	last := c.lastID()
	switch {
	case id == 0:
		return violation(wire.RuleChannelZero, "channel id 0 in a request")
	case id > last:
		return violation(wire.RuleShmChannelTable, "channel id %d in a request, ids are at most %d", id, last)
	case c.ours(id):
		return violation(wire.RuleChannelParity, "channel id %d in a request of the %s", id, c.cfg.Limits.Role.Other())
	case c.channels[id] != nil:
		return violation(wire.RuleChannelUniqueness, "channel id %d in a request is named twice or still open", id)
	}
	return nil
}

// Returned ends the channels of a request whose handler returned: what it sends on
// is closed, what it receives on is reset unless it ended or was detached. The
// Response goes out after that.
func (c *Core) Returned(r *Request) {
	for _, ch := range r.Channels {
		if ch.Sends {
			c.endSending(ch, wire.KindClose, errClosed)
		} else if !ch.detached {
			c.endReceiving(ch, errClosed)
		}
	}
}

// CommitResponse ends the request; the driver publishes its Response in the same
// step, right after, so that the peer may use the id again at once.
func (c *Core) CommitResponse(r *Request) error {
	if c.err != nil {
		return c.err
	}
	c.answer(r)
	return nil
}

func (c *Core) answer(r *Request) {
	c.serving.remove(r.ID)
	if r.surplus {
		c.surplus--
	}
}

// cancel ends the context of the request it names, if that is still served.
func (c *Core) cancel(m *wire.Message) {
	if r := c.serving.get(m.ID); r != nil && !r.refused {
		c.effect(EndContext).Request = r
	}
}
