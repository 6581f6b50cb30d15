package core

import (
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// Call is one Request of this side.
type Call struct {
	ID       uint64
	Channels []*Channel
	// Metadata and Payload are the Response's, once Done; the Call owns them.
	Metadata, Payload []byte
	// Owned says that they are in memory that is not used again by the next call.
	Owned bool
	// Owner is the driver's.
	Owner any

	state callState
	err   error
}

type callState uint8

const (
	callIdle      callState = iota
	callAdmitted            // holds a place in flight, not published
	callSent                // published
	callAbandoned           // published and given up
	callDone
)

// Done says that the call is over, and why when it has no Response.
func (k *Call) Done() (bool, error) { return k.state == callDone, k.err }

func (k *Call) end(err error) {
	if k.state != callDone {
		k.state, k.err = callDone, err
	}
}

// Admit takes a place in flight and a request id for the call. false means that all
// places are taken: wait until a Response came.
func (c *Core) Admit(k *Call) (bool, error) {
	if c.err != nil {
		return false, c.err
	}
	if c.calls.len() >= MaxInFlight {
		return false, nil
	}
	k.ID = c.nextRequestID()
	k.state = callAdmitted
	c.calls.add(k.ID, k)
	return true, nil
}

// nextRequestID counts up from 1 within u32 (shm.id.request-id), passing over ids
// that are in flight.
func (c *Core) nextRequestID() uint64 {
	for {
		c.nextID = uint64(uint32(c.nextID + 1))
		if c.nextID == 0 {
			continue
		}
		if c.calls.get(c.nextID) == nil {
			return c.nextID
		}
	}
}

// Withdraw ends a call that was admitted and not published: its place and the ids of
// its channels are free again.
func (c *Core) Withdraw(k *Call) {
	if k.state == callAdmitted {
		c.calls.remove(k.ID)
	}
	for _, ch := range k.Channels {
		c.cfg.Flow.Put([]uint64{ch.ID})
	}
	k.state, k.Channels = callDone, nil
}

// TakeChannels allocates an id for each end the call passes, all or none; sends says
// for each whether this side sends on it. The ends open at CommitCall. false means
// that not enough ids are free now; when there never can be, it fails with a
// *roam.ChannelCountError.
func (c *Core) TakeChannels(k *Call, sends []bool) (bool, error) {
	if c.err != nil {
		return false, c.err
	}
	ids := make([]uint64, len(sends))
	if !c.cfg.Flow.Take(ids) {
		if limit := c.cfg.Flow.Limit(); c.tabled() && len(ids) > limit {
			return false, &roam.ChannelCountError{Count: len(ids), Limit: limit}
		}
		return false, nil
	}
	for i, id := range ids {
		k.Channels = append(k.Channels, &Channel{ID: id, Sends: sends[i], Ours: true, window: windowOf(id)})
	}
	return true, nil
}

// CommitCall opens the call's channels; the driver publishes the Request in the same
// step, right after.
func (c *Core) CommitCall(k *Call) error {
	if c.err != nil {
		return c.err
	}
	k.state = callSent
	for _, ch := range k.Channels {
		c.open(ch)
	}
	return nil
}

// Cancel gives up a call that was published: Cancel goes out, then Reset on each of
// its channels that is still open. The Response that comes is dropped; when it came
// just before, there is nothing to cancel and only the channels end.
func (c *Core) Cancel(k *Call) {
	switch {
	case c.err != nil:
		return
	case k.state == callSent:
		k.state = callAbandoned
		c.outbox.push(Out{Message: wire.Message{Kind: wire.KindCancel, ID: k.ID}})
	case k.state != callDone:
		return
	}
	for _, ch := range k.Channels {
		if ch.Sends {
			c.endSending(ch, wire.KindReset, ErrCallCancelled)
		} else {
			c.endReceiving(ch, ErrCallCancelled)
		}
	}
}

// response ends the call that m answers.
func (c *Core) response(m *wire.Message) error {
	at := c.calls.place(m.ID)
	if at < 0 || c.calls.places[at].of.state == callAdmitted {
		c.effect(Note).Text = "response to an unknown request is ignored"
		return nil
	}
	k := c.calls.places[at].of
	c.calls.removeAt(at)
	refused := IsRefusal(m.Payload)
	for _, ch := range k.Channels {
		c.answered(ch, refused)
	}
	if k.state == callAbandoned {
		k.end(nil)
		return nil
	}
	k.take(m)
	k.end(nil)
	c.effect(Respond).Call = k
	return nil
}

// take keeps the Response: its memory if that may be kept, else a copy.
func (k *Call) take(m *wire.Message) {
	if k.Owned = m.Owned; k.Owned {
		k.Metadata, k.Payload = m.Metadata, m.Payload
		return
	}
	k.Metadata = k.Metadata[:0]
	if len(m.Metadata) > 1 { // a list of no entries has one byte
		k.Metadata = append(k.Metadata, m.Metadata...)
	}
	k.Payload = append(k.Payload[:0], m.Payload...)
}

// IsRefusal says that a Response payload is UnknownMethod or InvalidPayload: the
// callee opened none of the call's channels.
func IsRefusal(payload []byte) bool {
	return len(payload) >= 2 && payload[0] == 1 && (payload[1] == 1 || payload[1] == 2)
}

// answered ends what the Response ends of a channel of its call.
func (c *Core) answered(ch *Channel, refused bool) {
	switch {
	case refused:
		c.refusedChannel(ch)
	case !ch.Sends:
		// Every Data and the Close came before the Response; a missing Close is
		// taken as come.
		c.peerEnded(ch, errEOF)
	}
}

// Reset empties a call that is over for another use, keeping its buffers.
func (k *Call) Reset() {
	if k.Owned {
		k.Metadata, k.Payload = nil, nil
	}
	k.ID, k.Channels, k.Owned = 0, nil, false
	k.Metadata, k.Payload = k.Metadata[:0], k.Payload[:0]
	k.state, k.err = callIdle, nil
}

// IDLimit is how many channel ids this side has at once, 0 = unbounded.
func (c *Core) IDLimit() int { return c.cfg.Flow.Limit() }
