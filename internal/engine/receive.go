//go:build linux

package engine

import (
	"encoding/binary"
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
	}
	used, slots := 0, false
	for n < len(records) && tail != e.recv.head {
		var slot bool
		used, slot, status = e.take(&records[n], tail, arena, used)
		if status != OK {
			break
		}
		if slot {
			e.learnSlot(records[n].Slot)
			slots = true
		}
		n++
		tail++
	}
	if n > 0 {
		e.setTail(tail)
		if tail-e.recv.told >= e.place.RingSize/releaseShare || e.waits(Space) {
			bell = e.Settle()
		}
		if slots {
			bell = e.SlotReturned() || bell
		}
	}
	return n, status, bell
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

// take copies the message at index out of ring and slot. used is what is taken of the
// arena, before and after.
func (e *End) take(r *Record, index uint32, arena []byte, used int) (int, bool, Status) {
	d := e.copyDescriptor(index)
	*r = Record{
		Type: d[layout.OffDescMsgType], ID: get32(d[layout.OffDescID:]), Method: get64(d[layout.OffDescMethodID:]),
		Slot: get32(d[layout.OffDescPayloadSlot:]), Generation: get32(d[layout.OffDescPayloadGeneration:]),
		Offset: get32(d[layout.OffDescPayloadOffset:]), Length: get32(d[layout.OffDescPayloadLen:]),
		At: uint32(used), Seq: index + 1,
	}
	if s := e.check(r); s != OK {
		return used, false, s
	}
	if uint64(r.Length) > uint64(len(arena)-used) {
		return used, false, ArenaFull
	}
	into := arena[used : used+int(r.Length)]
	if r.Slot == layout.InlineSlot {
		copy(into, d[layout.OffDescInlinePayload:])
		return used + len(into), false, OK
	}
	copyPayload(into, e.peer.payload(r.Slot, r.Offset, r.Length))
	if !e.peer.Return(r.Slot) {
		return used, false, BadSlot // it was returned while it was read
	}
	return used + len(into), true, OK
}

// copyDescriptor reads the descriptor at index once, word by word. Atomic loads are
// not repeated by the compiler, so what is checked is what is used.
func (e *End) copyDescriptor(index uint32) (d [layout.SizeDesc]byte) {
	place := uint64(index&(e.place.RingSize-1)) * layout.SizeDesc
	from := (*[layout.SizeDesc / 8]uint64)(unsafe.Add(e.recvRing, place)) // inside the ring by the mask, 64-aligned
	for i := range from {
		put64(d[i*8:], atomic.LoadUint64(&from[i]))
	}
	return d
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

func get32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func get64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
