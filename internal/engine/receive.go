//go:build linux

package engine

import (
	"sync/atomic"
	"unsafe"

	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/internal/release"
)

// recvState belongs to the receiving role. Its fields lie as those of struct roam_end
// from receive.next on.
type recvState struct {
	tail uint32 // index of the next message; others read it to see whether one lies there
	head uint32 // the peer's head when last read and found good
	told uint32 // the tail that the peer knows

	// Of the last message that had a slot, and by it the slot of the one after, when it
	// was last seen.
	lastSlot uint32
	nextSlot [layout.Guesses]uint32
}

// Tail is the index that this side has received to.
func (e *End) Tail() uint32 { return atomic.LoadUint32(&e.recv.tail) }

// setTail is for the receiving role. Who looks without it, and then sleeps, has changed the
// flags between.
func (e *End) setTail(tail uint32) { release.Store(&e.recv.tail, tail) }

// receive takes messages until records or arena are full, the ring is empty, or one
// breaks a rule; that one lies at records[n]. Payloads are copied into the arena and
// their slots returned; for one that does not fit see also [End.Lend]. It wakes those of
// the peer that wait for ring space or a slot and reports whether the doorbell has to be
// rung. The peer may learn of the places that became free by [End.Settle] only.
func (e *End) receive(records []Record, arena []byte) (n int, status Status, bell bool) {
	tail := e.recv.tail
	if !e.arrived(tail) {
		return 0, BadRing, false
	}
	if tail != e.recv.head {
		e.expectSlot()
		e.ownDescriptor() // of the answer, or of the next request
	}
	slots := false
	for used := uint32(0); n < len(records) && tail != e.recv.head; n++ {
		r := &records[n]
		tail++
		r.At, r.Seq = used, tail
		if status = e.take(r, arena[used:]); status != OK {
			tail--
			break
		}
		used += r.Length
		if r.Slot != layout.InlineSlot {
			e.learnSlot(r.Slot)
			slots = true
		}
	}
	if n > 0 {
		e.setTail(tail)
		if due := tail-e.recv.told >= e.place.RingSize/releaseShare; due || e.waitsFor(either(Space)|either(SlotBack)) {
			bell = e.tellOfRoom(due, slots)
		}
	}
	return n, status, bell
}

// tellOfRoom tells the peer of the places that are free, where it waits for them or that is
// due, and with slots of those that came back.
func (e *End) tellOfRoom(due, slots bool) (bell bool) {
	if due || e.waitsFor(either(Space)) {
		bell = e.Settle()
	}
	if slots {
		bell = e.SlotReturned() || bell
	}
	return bell
}

// expectSlot touches the slot that is due, since slots come in an order that repeats
// itself: its line comes at the same time as that of the descriptor which names it. A
// wrong guess costs a line. Before a message is there it would take the line from the peer,
// which is about to write it.
func (e *End) expectSlot() {
	if guess := e.recv.nextSlot[e.recv.lastSlot%layout.Guesses]; guess < e.peer.count {
		_ = atomic.LoadUint32(e.peer.generation(guess))
		ownLine(unsafe.Pointer(e.peer.word(guess / 64))) // which the peer has written to if it took slots
	}
}

func (e *End) learnSlot(slot uint32) {
	e.recv.nextSlot[e.recv.lastSlot%layout.Guesses] = slot
	e.recv.lastSlot = slot
}

// releaseShare is the share of the ring whose places Receive gives back at once, as
// roam_ring_release has it. To give back each by itself would take the line of the indices
// from the peer for every message.
const releaseShare = 4

// Settle gives the places of all received messages back, wakes those of the peer that
// wait for ring space and reports whether the doorbell has to be rung. It belongs to the
// receiving role, which is not left for long without it.
func (e *End) Settle() (bell bool) {
	tail := e.recv.tail
	if tail == e.recv.told {
		return false
	}
	e.recv.told = tail
	store(e.recvTail, tail) // the descriptors have been read
	return e.tell(Space, e.recvTail)
}

// arrived reads the peer's head; false when it is impossible and all that was
// published before has been taken.
func (e *End) arrived(tail uint32) bool {
	// Acquire: the descriptors up to head are written.
	if head := atomic.LoadUint32(e.recvHead); head-tail < e.place.RingSize {
		e.recv.head = head
		return true
	}
	return e.recv.head != tail
}

// take copies the message before index r.Seq out of ring and slot, its payload to the start of
// room.
func (e *End) take(r *Record, room []byte) Status {
	d := e.incoming(r.Seq - 1)
	head, where, extent := d.word(layout.OffDescMsgType), d.word(layout.OffDescPayloadSlot), d.word(layout.OffDescPayloadOffset)
	r.Type, r.ID = uint8(field(head, layout.OffDescMsgType)), uint32(field(head, layout.OffDescID))
	r.Method = d.word(layout.OffDescMethodID)
	r.Slot = uint32(field(where, layout.OffDescPayloadSlot))
	r.Generation = uint32(field(where, layout.OffDescPayloadGeneration))
	r.Offset, r.Length = uint32(field(extent, layout.OffDescPayloadOffset)), uint32(field(extent, layout.OffDescPayloadLen))
	if s := e.check(r); s != OK {
		return s
	}
	if uint64(r.Length) > uint64(len(room)) {
		return ArenaFull
	}
	if r.Slot == layout.InlineSlot {
		copy(room, d.inline()[:r.Length])
		return OK
	}
	copyPayload(room, e.peer.payload(r.Slot, r.Offset, r.Length))
	if !e.peer.Return(r.Slot) {
		return BadSlot // it was returned while it was read
	}
	return OK
}

// incoming is a descriptor in the ring, which the peer may write to at any time.
type incoming [layout.SizeDesc / 8]uint64

// incoming is the place in the incoming ring for an index, inside it by the mask.
func (e *End) incoming(index uint32) *incoming {
	return (*incoming)(unsafe.Add(e.recvRing, uint64(index&(e.place.RingSize-1))*layout.SizeDesc))
}

// word is that in which the field at an offset lies. Each is read once, by a load that the
// compiler does not repeat: what is checked is what is used.
func (d *incoming) word(offset int) uint64 { return atomic.LoadUint64(&d[offset/8]) }

// field is the field at an offset, in the low bits, of the word in which it lies.
func field(word uint64, offset int) uint64 { return word >> (8 * (offset % 8)) }

// inline is where an inline payload lies.
func (d *incoming) inline() *[layout.InlineMax]byte {
	return (*[layout.InlineMax]byte)(unsafe.Pointer(&d[layout.OffDescInlinePayload/8]))
}

// check tests a copied descriptor against the rules of shm-rules, "A descriptor is
// untrusted input".
func (e *End) check(r *Record) Status {
	if r.Type < layout.MsgRequest || r.Type > layout.MsgGoodbye {
		return BadType
	}
	if s := e.checkPayload(r); s != OK {
		return s
	}
	if r.Type >= layout.MsgData && r.Type <= layout.MsgReset {
		switch {
		case r.ID == 0:
			return ZeroID
		case e.place.PeerTable && r.ID >= e.place.MaxChannels:
			return BadChannel
		}
	}
	return OK
}

// checkPayload tests where the payload is said to lie. Sums are in 64 bits.
func (e *End) checkPayload(r *Record) Status {
	if r.Slot == layout.InlineSlot {
		if r.Length > layout.InlineMax || r.Generation != 0 || r.Offset != 0 {
			return BadInline
		}
		return OK
	}
	if r.Slot >= e.peer.count || !e.peer.out(r.Slot, r.Generation) {
		return BadSlot
	}
	if uint64(r.Offset)+uint64(r.Length) > e.peer.capacity() {
		return BadExtent
	}
	return OK
}
