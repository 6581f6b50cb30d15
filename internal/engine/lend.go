//go:build linux

package engine

// Lending is Go in both engines, around a Receive that stops before a payload for which
// the arena has no room: the message was copied out of the ring and checked by then.

// Lend takes the message off the ring at which Receive has just stopped with n = 0 and
// ArenaFull, r being its record, and leaves its payload in its slot, which the caller
// returns by [End.Return]. The peer may change the payload before. Like Receive it belongs
// to the receiving role, wakes those that wait for ring space and reports whether the
// doorbell has to be rung.
func (e *End) Lend(r *Record) (payload []byte, bell bool) {
	r.At = 0
	e.setTail(r.Seq)
	store(e.recvTail, r.Seq) // the descriptor has been read
	return e.peer.payload(r.Slot, r.Offset, r.Length), e.tell(Space, e.recvTail)
}

// Return gives back a slot that was lent: OK, or BadSlot when it is not out as it was when
// it came, and nothing was changed. It wakes those of the peer that wait for a slot and
// reports whether the doorbell has to be rung. Any goroutine, also after Close while the
// mapping stays.
func (e *End) Return(s Slot) (status Status, bell bool) {
	if !e.peer.out(s.Index, s.Generation) || !e.peer.Return(s.Index) {
		return BadSlot, false
	}
	return OK, e.SlotReturned()
}

// PeerFree counts the free slots of the pool that the peer takes from, as the segment has
// it, at a moment near now.
func (e *End) PeerFree() uint32 { return e.peer.Free() }
