package core

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/wire"
)

// hostile feeds a core what bytes say: messages that no rule holds for, between what
// the core's own programs do.
type hostile struct {
	*peer
	scripted
	calls    []*Call
	requests []*Request
	channels []*Channel
}

func (h *hostile) step() error {
	switch h.pick(8) {
	case 0:
		h.program()
		return nil
	case 1:
		h.published()
		return nil
	}
	return h.message()
}

// hostileKinds has the kinds that do most more than once.
var hostileKinds = []wire.Kind{
	wire.KindRequest, wire.KindRequest, wire.KindResponse, wire.KindCancel, wire.KindData, wire.KindData,
	wire.KindClose, wire.KindReset, wire.KindCredit, wire.KindHello, wire.KindGoodbye,
}

// message is any message with small ids, most of them wrong.
func (h *hostile) message() error {
	m := wire.Message{
		Kind:   hostileKinds[h.pick(len(hostileKinds))],
		ID:     h.someID(),
		Credit: uint32(h.pick(256)) << h.pick(25),
	}
	for range h.pick(2 * testWindow) {
		m.Payload = append(m.Payload, byte(h.pick(4)))
	}
	if h.pick(20) == 0 {
		m.Metadata = m.Payload
	}
	err := h.receive(m)
	for _, e := range h.effects() {
		if e.Kind == Arrived && err == nil {
			err = h.arrived(e.Request)
		}
	}
	return err
}

// someID is mostly one that means something.
func (h *hostile) someID() uint64 {
	switch n := h.pick(8); {
	case n < 5 && len(h.channels) > 0:
		return h.channels[h.pick(len(h.channels))].ID
	case n < 7 && len(h.calls) > 0:
		return h.calls[h.pick(len(h.calls))].ID
	}
	return uint64(h.pick(12))
}

func (h *hostile) arrived(r *Request) error {
	if h.pick(4) == 0 {
		h.core.Refuse(r, InvalidPayload)
		return nil
	}
	var ends []End
	for range h.pick(4) {
		ends = append(ends, End{ID: uint64(h.pick(12)), Sends: h.pick(2) == 0})
	}
	err := h.core.Accept(r, ends)
	h.requests = append(h.requests, r)
	h.channels = append(h.channels, r.Channels...)
	return err
}

// program is what this side does of its own.
func (h *hostile) program() {
	c := h.core
	switch n := h.pick(6); {
	case n == 0:
		k := new(Call)
		if ok, _ := c.TakeChannels(k, make([]bool, h.pick(3))); !ok {
			return
		}
		if ok, _ := c.Admit(k); ok && c.CommitCall(k) == nil {
			h.calls = append(h.calls, k)
			h.channels = append(h.channels, k.Channels...)
		}
	case n == 1 && len(h.calls) > 0:
		c.Cancel(h.calls[h.pick(len(h.calls))])
	case n == 2 && len(h.requests) > 0:
		i := h.pick(len(h.requests))
		r := h.requests[i]
		h.requests = append(h.requests[:i], h.requests[i+1:]...)
		c.Returned(r)
		c.Respond(r, nil, []byte{0})
	case len(h.channels) > 0:
		h.use(h.channels[h.pick(len(h.channels))])
	}
}

func (h *hostile) use(ch *Channel) {
	switch {
	case !ch.Sends && h.pick(4) == 0:
		h.core.Reset(ch)
	case !ch.Sends:
		_, _, _ = h.core.Take(ch, nil)
	case h.pick(4) == 0:
		h.core.Close(ch)
	default:
		_, _ = h.core.CommitData(ch, uint32(h.pick(testWindow)))
	}
}

// check bounds what the other side can make this one hold.
func (h *hostile) check() {
	counts := h.core.Counts()
	require.LessOrEqual(h.t, counts.Outbox, counts.Serving+len(h.calls)+len(h.channels))
	for _, ch := range h.channels {
		require.LessOrEqual(h.t, len(ch.queue.buf), 11*testBuffered)
	}
}

// fails ends the connection, after which nothing may be left.
func (h *hostile) fails(err error) {
	var broken *Violation
	var gone *roam.ConnectionError
	require.True(h.t, errors.As(err, &broken) || errors.As(err, &gone), "%v", err)
	h.core.Fail(err)
	assert.Equal(h.t, Counts{}, h.core.Counts())
	for _, k := range h.calls {
		done, _ := k.Done()
		assert.True(h.t, done)
	}
	for _, ch := range h.channels {
		assert.False(h.t, ch.Open())
	}
}

// FuzzReceive gives a core messages that a program would not send. It may end the
// connection with a rule's id, and do nothing else.
func FuzzReceive(f *testing.F) {
	for kind := range byte(3) {
		for i := range 20 {
			script := []byte{kind, byte(i)}
			for n := range 300 {
				script = binary.LittleEndian.AppendUint16(script, uint16(n*n*(i+3)))
			}
			f.Add(script)
		}
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		h := &hostile{scripted: scripted{script}}
		role := handshake.Role(h.pick(2))
		switch h.pick(3) {
		case 0:
			h.peer = streams(t, role)
		case 1:
			h.peer = shared(t, role, 10)
			h.table.fault = func(string, ...any) {} // a peer may write anything there
		case 2:
			h.peer = foreign(t, role, 10)
		}
		for !h.over() {
			if err := h.step(); err != nil {
				h.fails(err)
				return
			}
			h.check()
		}
		h.fails(&roam.ConnectionError{})
	})
}
