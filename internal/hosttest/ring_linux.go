package hosttest

import (
	"fmt"
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/internal/segmenttest"
	"github.com/roam-rpc/roam-go/wire"
)

// word is a 32-bit field of the guest's entry.
func (g *Guest) word(field uint64) *uint32 { return g.U32(segmenttest.Entry(g.ID) + field) }

// place is where a descriptor lies.
func (g *Guest) place(toGuest bool, index uint32) []byte {
	at := *g.U64(segmenttest.Entry(g.ID) + layout.OffPeerRingOffset)
	if toGuest {
		at += layout.SizeDesc * uint64(g.RingSize)
	}
	at += layout.SizeDesc * uint64(index%g.RingSize)
	return g.Mem[at : at+layout.SizeDesc]
}

// Put writes a descriptor behind those that are there, and publishes nothing.
func (g *Guest) Put(d Desc) {
	b := d.bytes()
	copy(g.place(true, g.head), b[:])
	g.head++
}

// Publish makes visible what was put, and wakes a guest that says it sleeps.
func (g *Guest) Publish() {
	head := g.word(layout.OffPeerHostToGuestHead)
	atomic.SwapUint32(head, g.head)
	g.wake(kindMessages, head)
}

// Room is how many descriptors fit in the ring to the guest.
func (g *Guest) Room() uint32 {
	return g.RingSize - 1 - (g.head - atomic.LoadUint32(g.word(layout.OffPeerHostToGuestTail)))
}

// Send puts messages into the ring and publishes them together, as far as they fit. While
// there is no room it receives.
func (g *Guest) Send(messages ...Message) {
	g.t.Helper()
	for i := range messages {
		m := &messages[i]
		d := g.describe(m)
		for g.Room() == 0 {
			g.Publish()
			g.await("room in the ring", func() bool { return g.Room() > 0 })
		}
		g.monitor.sent(m)
		g.Put(d)
	}
	g.Publish()
}

// TrySend is Send for a guest that may end before there is room.
func (g *Guest) TrySend(m Message) {
	g.t.Helper()
	g.Eventually("room in the ring", func() bool { return g.Room() > 0 && g.FreeSlots(0) > 0 || g.Over() })
	if !g.Over() {
		g.Send(m)
	}
}

// describe makes the descriptor of a message, with a slot if it needs one.
func (g *Guest) describe(m *Message) Desc {
	payload := m.whole()
	d := Desc{Type: m.Type, ID: m.ID, Method: m.Method, Slot: layout.InlineSlot, Len: uint32(len(payload))}
	if len(payload) <= layout.InlineMax {
		copy(d.Inline[:], payload)
		return d
	}
	d.Slot, d.Generation = g.TakeSlot()
	copy(g.payload(0, d.Slot, 0, d.Len), payload)
	return d
}

// Lying is how many descriptors lie in the ring from the guest, and were not taken.
func (g *Guest) Lying() uint32 {
	n := atomic.LoadUint32(g.word(layout.OffPeerGuestToHostHead)) - g.tail
	if n >= g.RingSize {
		g.fatal("head and tail of its ring are %d apart, it has room for %d", n, g.RingSize-1)
	}
	return n
}

// receive takes off the ring what lies there, unless the host is deaf.
func (g *Guest) receive() {
	g.t.Helper()
	if g.Deaf {
		return
	}
	g.check(g.monitor.look())
	for n := g.Lying(); n > 0; n-- {
		d := descOf(g.place(false, g.tail))
		m, err := g.message(&d)
		g.check(err)
		var channels []Channel
		if m.Type == layout.MsgRequest {
			channels = g.Channels(m.Method, m.Payload)
		}
		g.check(g.monitor.received(&m, channels, g.tail))
		g.tail++
		g.check(g.monitor.processed(g.tail))
		g.queue = append(g.queue, m)
		if !g.HoldPlaces {
			g.GivePlaces()
		}
	}
}

// GivePlaces says that everything was received.
func (g *Guest) GivePlaces() {
	tail := g.word(layout.OffPeerGuestToHostTail)
	atomic.SwapUint32(tail, g.tail)
	g.wake(kindSpace, tail)
}

// message checks a descriptor of the guest and copies its payload.
func (g *Guest) message(d *Desc) (m Message, err error) {
	m = Message{Type: d.Type, ID: d.ID, Method: d.Method}
	switch {
	case d.Type < layout.MsgRequest || d.Type > layout.MsgGoodbye || d.Flags != 0 || d.Reserved != 0:
		return m, fmt.Errorf("descriptor %+v", d)
	case d.Type != layout.MsgRequest && d.Method != 0:
		return m, fmt.Errorf("%s has method id %x", m, d.Method)
	case d.Len > g.MaxPayload:
		return m, fmt.Errorf("%s has %d bytes, at most %d are allowed", m, d.Len, g.MaxPayload)
	case d.Len > 0 && (d.Type == layout.MsgCancel || d.Type == layout.MsgClose || d.Type == layout.MsgReset):
		return m, fmt.Errorf("%s carries %d bytes", m, d.Len)
	}
	if m.Payload, err = g.take(d); err != nil {
		return m, fmt.Errorf("%s: %w", m, err)
	}
	if !m.hasMetadata() {
		return m, nil
	}
	if d.Len == 0 || m.Payload[0] == 0 {
		return m, fmt.Errorf("%s does not begin with 01 00 or with metadata", m)
	}
	list, rest, err := wire.SplitMetadataPrefix(m.Payload)
	if err == nil {
		err = wire.CheckMetadata(list)
	}
	if err != nil {
		return m, fmt.Errorf("%s: metadata: %w", m, err)
	}
	m.Payload = rest
	m.Metadata, err = wire.DecodeMetadata(list)
	return m, err
}

// take copies the payload of a descriptor and gives its slot back, unless the host holds
// slots.
func (g *Guest) take(d *Desc) ([]byte, error) {
	if d.Slot == layout.InlineSlot {
		if d.Len > layout.InlineMax || d.Generation != 0 || d.Offset != 0 {
			return nil, fmt.Errorf("inline with length %d, generation %d, offset %d", d.Len, d.Generation, d.Offset)
		}
		return append([]byte(nil), d.Inline[:d.Len]...), nil
	}
	switch {
	case d.Len <= layout.InlineMax:
		return nil, fmt.Errorf("%d bytes lie in a slot", d.Len)
	case d.Slot >= g.SlotsPerGuest || g.slotFree(g.ID, d.Slot) || *g.generation(g.ID, d.Slot) != d.Generation:
		return nil, fmt.Errorf("slot %d with generation %d", d.Slot, d.Generation)
	case uint64(d.Offset)+uint64(d.Len) > uint64(g.SlotSize-layout.GenerationSize):
		return nil, fmt.Errorf("offset %d and length %d in a slot of %d", d.Offset, d.Len, g.SlotSize)
	}
	payload := append([]byte(nil), g.payload(g.ID, d.Slot, d.Offset, d.Len)...)
	g.held = append(g.held, d.Slot)
	if !g.HoldSlots {
		g.GiveSlots()
	}
	return payload, nil
}

// Skip moves the head of the ring to the guest on without descriptors.
func (g *Guest) Skip(by uint32) { g.head += by }

// SetTail writes the index up to which the host has received, by descriptors on from where
// the ring from the guest is written to.
func (g *Guest) SetTail(by uint32) {
	tail := g.word(layout.OffPeerGuestToHostTail)
	atomic.SwapUint32(tail, atomic.LoadUint32(g.word(layout.OffPeerGuestToHostHead))-by)
	g.wake(kindSpace, tail)
}
