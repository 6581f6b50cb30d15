package shmring

import (
	"encoding/binary"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// desc is a descriptor as a hostile peer may write it.
type desc struct {
	kind                         uint8
	flags                        uint8
	id                           uint32
	slot, generation, offset, ln uint32
}

func (d desc) bytes() (b [layout.SizeDesc]byte) {
	le := binary.LittleEndian
	b[layout.OffDescMsgType], b[layout.OffDescFlags] = d.kind, d.flags
	le.PutUint32(b[layout.OffDescID:], d.id)
	le.PutUint32(b[layout.OffDescPayloadSlot:], d.slot)
	le.PutUint32(b[layout.OffDescPayloadGeneration:], d.generation)
	le.PutUint32(b[layout.OffDescPayloadOffset:], d.offset)
	le.PutUint32(b[layout.OffDescPayloadLen:], d.ln)
	return b
}

// inject writes a descriptor into the ring that to reads and publishes it, as the
// other side could without any library.
func (p *pair) inject(to *Link, raw [layout.SizeDesc]byte) {
	seg, id := p.guestSeg, to.peer
	ring, head := seg.lay.ringOffset(id), seg.peerU32(id, layout.OffPeerGuestToHostHead)
	if !to.host {
		ring += layout.SizeDesc * uint64(seg.lay.RingSize)
		head = seg.peerU32(id, layout.OffPeerHostToGuestHead)
	}
	place := uint64(atomic.LoadUint32(head) % seg.lay.RingSize)
	copy(seg.mem[ring+layout.SizeDesc*place:], raw[:])
	atomic.AddUint32(head, 1)
}

// takeSlot takes a slot of the pool of those who send to to, as a raw peer could.
func (p *pair) takeSlot(to *Link, index, generation uint32) {
	seg := p.guestSeg
	pool := seg.lay.pool(0)
	if to.host {
		pool = seg.lay.pool(to.peer)
	}
	atomic.AndUint64(seg.u64(pool+8*uint64(index/64)), ^(uint64(1) << (index % 64)))
	atomic.StoreUint32(seg.u32(pool+seg.lay.PoolHeader+uint64(index)*uint64(seg.lay.SlotSize)), generation)
}

// TestDescriptorIsUntrusted goes through the faults of shm-rules, "A descriptor is
// untrusted input", against host and guest. Slot 1 is out with generation 9.
func TestDescriptorIsUntrusted(t *testing.T) {
	const inline = layout.InlineSlot
	for name, test := range map[string]struct {
		desc desc
		rule string // "" = delivered
	}{
		"type 0":                        {desc{kind: 0, slot: inline}, "message.unknown-variant"},
		"type 8":                        {desc{kind: 8, slot: inline}, "message.unknown-variant"},
		"type 255":                      {desc{kind: 255, slot: inline}, "message.unknown-variant"},
		"flags are ignored":             {desc{kind: 1, flags: 255, slot: inline}, ""},
		"inline, 32 bytes":              {desc{kind: 1, slot: inline, ln: 32}, ""},
		"inline, 33 bytes":              {desc{kind: 1, slot: inline, ln: 33}, "shm.desc.inline-fields"},
		"inline, 2^32-1 bytes":          {desc{kind: 4, id: 1, slot: inline, ln: 1<<32 - 1}, "shm.desc.inline-fields"},
		"inline with generation":        {desc{kind: 1, slot: inline, generation: 1}, "shm.desc.inline-fields"},
		"inline with offset":            {desc{kind: 1, slot: inline, offset: 1}, "shm.desc.inline-fields"},
		"slot":                          {desc{kind: 1, slot: 1, generation: 9, ln: 60}, ""},
		"slot with an empty payload":    {desc{kind: 1, slot: 1, generation: 9, offset: 60}, ""},
		"slot past the pool":            {desc{kind: 1, slot: 4, generation: 9}, "shm.slot.generation"},
		"slot far past the pool":        {desc{kind: 1, slot: inline - 1, generation: 9}, "shm.slot.generation"},
		"wrong generation":              {desc{kind: 1, slot: 1, generation: 8}, "shm.slot.generation"},
		"slot that is free":             {desc{kind: 1, slot: 0, generation: 0}, "shm.slot.generation"},
		"length over the slot":          {desc{kind: 1, slot: 1, generation: 9, ln: 61}, "shm.slot.payload-offset"},
		"offset over the slot":          {desc{kind: 1, slot: 1, generation: 9, offset: 61}, "shm.slot.payload-offset"},
		"offset + length":               {desc{kind: 1, slot: 1, generation: 9, offset: 30, ln: 31}, "shm.slot.payload-offset"},
		"offset + length that wraps":    {desc{kind: 1, slot: 1, generation: 9, offset: 1<<32 - 1, ln: 2}, "shm.slot.payload-offset"},
		"data for channel 0":            {desc{kind: 4, slot: inline}, "channeling.id.zero-reserved"},
		"close for channel 0":           {desc{kind: 5, slot: inline}, "channeling.id.zero-reserved"},
		"reset for channel 0":           {desc{kind: 6, slot: inline}, "channeling.id.zero-reserved"},
		"last channel":                  {desc{kind: 4, id: 15, slot: inline}, ""},
		"channel past the table":        {desc{kind: 4, id: 16, slot: inline}, "shm.flow.channel-table-indexing"},
		"reset of channel past the end": {desc{kind: 6, id: 1<<32 - 1, slot: inline}, "shm.flow.channel-table-indexing"},
		"request ids are any":           {desc{kind: 1, id: 1<<32 - 1, slot: inline}, ""},
		"cancel ids are any":            {desc{kind: 3, id: 0, slot: inline}, ""},
		"goodbye has no id":             {desc{kind: 7, id: 1 << 31, slot: inline}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := onePair(t, Config{RingSize: 8, SlotSize: 64, SlotsPerGuest: 4, MaxChannels: 16}, pairConfig{})
			for _, to := range []*Link{p.host, p.guest} {
				p.takeSlot(to, 1, 9)
				p.inject(to, desc{kind: 2, id: 77, slot: layout.InlineSlot}.bytes())
				p.inject(to, test.desc.bytes())
				checkDelivery(t, to, test.rule)
			}
		})
	}
}

// checkDelivery receives message 77 and then another, or the fault.
func checkDelivery(t *testing.T, to *Link, rule string) {
	t.Helper()
	b := NewBatch(8)
	n, err := to.Receive(b)
	require.NoError(t, err, "the messages before a fault come first")
	require.EqualValues(t, 77, b.Messages[0].ID)
	if rule == "" {
		require.Equal(t, 2, n)
		return
	}
	require.Equal(t, 1, n)
	for range 2 {
		var fault *Fault
		_, err = to.Receive(b)
		require.ErrorAs(t, err, &fault, "and stay")
		assert.Equal(t, rule, fault.Rule)
		assert.NotEmpty(t, fault.Detail)
		assert.True(t, to.Pending())
	}
	assert.NoError(t, to.Err(), "whoever receives says how the link ends")
}

func TestForeignChannelIdsAreAny(t *testing.T) {
	p := onePair(t, Config{MaxChannels: 16}, pairConfig{foreign: true})
	p.inject(p.host, desc{kind: 4, id: 1<<32 - 1, slot: layout.InlineSlot}.bytes())
	assert.EqualValues(t, 1<<32-1, receiveOne(t, p.host).ID)
}

func TestRingDifferenceOverCapacityIsFault(t *testing.T) {
	for _, by := range []uint32{4, 5, 1 << 31, 1<<32 - 1} {
		p := onePair(t, Config{RingSize: 4, MaxGuests: 1}, pairConfig{start: nearWrap})
		var fault *Fault

		atomic.AddUint32(p.guestSeg.peerU32(1, layout.OffPeerGuestToHostHead), by)
		_, err := p.host.Receive(NewBatch(8))
		require.ErrorAs(t, err, &fault)
		assert.Equal(t, "shm.ring.capacity", fault.Rule)

		p = onePair(t, Config{RingSize: 4, MaxGuests: 1}, pairConfig{start: nearWrap})
		for range 3 {
			sendNow(t, p.host, Message{Type: MsgRequest})
		}
		atomic.AddUint32(p.guestSeg.peerU32(1, layout.OffPeerHostToGuestTail), by)
		require.ErrorAs(t, p.host.Stage(&Message{Type: MsgRequest}, nil), &fault)
		assert.Equal(t, "shm.ring.capacity", fault.Rule)
		_, err = p.host.Receive(NewBatch(1))
		require.ErrorAs(t, err, &fault, "whoever receives learns of it")
	}
}

func checkFirstThenFault(t *testing.T, l *Link, rule string) {
	t.Helper()
	b := NewBatch(8)
	n, err := l.Receive(b)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = l.Receive(b)
	var fault *Fault
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, rule, fault.Rule)
}

// FuzzDescriptor puts any descriptor, with any state of slot and indices around it,
// before host and guest. Whatever comes, Receive copies no more than a slot and gives
// messages or a Fault.
func FuzzDescriptor(f *testing.F) {
	valid := desc{kind: 1, id: 3, slot: 1, generation: 9, ln: 40}.bytes()
	f.Add(valid[:], uint64(0b1101), uint32(9), uint32(0), true)
	inline := desc{kind: 4, id: 3, slot: layout.InlineSlot, ln: 32}.bytes()
	f.Add(inline[:], uint64(0b1111), uint32(0), uint32(0), false)
	f.Add(valid[:], ^uint64(0), ^uint32(0), uint32(1<<31), true)
	f.Fuzz(func(t *testing.T, raw []byte, bitmap uint64, generation, jump uint32, toHost bool) {
		p := onePair(t, Config{RingSize: 4, SlotSize: 64, SlotsPerGuest: 4, MaxChannels: 16}, pairConfig{words: true, start: nearWrap})
		to, pool := p.host, p.guestSeg.lay.pool(1)
		if !toHost {
			to, pool = p.guest, p.guestSeg.lay.pool(0)
		}
		for slot := range uint32(4) {
			p.takeSlot(to, slot, generation)
		}
		atomic.StoreUint64(p.guestSeg.u64(pool), bitmap)
		var d [layout.SizeDesc]byte
		copy(d[:], raw)
		p.inject(to, d)
		p.inject(to, valid)
		if jump%8 == 7 {
			atomic.AddUint32(to.shm.WaitWord(0, 0), jump)
		}
		b := NewBatch(3)
		for {
			n, err := to.Receive(b)
			for _, m := range b.Messages {
				require.LessOrEqual(t, len(m.Payload), 60)
				require.True(t, m.Type >= MsgRequest && m.Type <= MsgGoodbye)
			}
			if n > 0 {
				continue
			}
			var fault *Fault
			if err != nil {
				require.ErrorAs(t, err, &fault)
			}
			return
		}
	})
}
