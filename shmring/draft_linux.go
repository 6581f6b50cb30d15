package shmring

import (
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// Draft is a slot of this side that a payload is written into before its message is
// staged, so that it is not copied. The memory stays mapped until the draft was sent or
// dropped, whatever becomes of the link.
type Draft struct {
	link    *Link
	slot    engine.Slot
	payload []byte
	over    atomic.Bool // sent or dropped
}

// draftsLeave is how many slots more than those that loans leave a draft leaves free: one
// for who shares the pool and decides at the same moment.
const draftsLeave = 2

// Draft takes a slot for a payload of n bytes, over 32; nil when none is to be had now. It
// does not wait. A draft holds a slot for as long as a program likes, so it gets one only
// while more than a quarter of the pool is free: see mayLend. Any goroutine.
func (l *Link) Draft(n int) *Draft {
	if n <= layout.InlineMax || n > int(l.seg.lay.MaxPayload) || l.Err() != nil || !l.lent.enter() {
		return nil
	}
	slot, ok := l.takeDraft()
	if !ok {
		l.lent.exit()
		return nil
	}
	return &Draft{link: l, slot: slot, payload: l.shm.Written(slot, uint32(n))}
}

func (l *Link) takeDraft() (engine.Slot, bool) {
	if l.pool != nil {
		return l.pool.takeDraft(l.peer)
	}
	if !l.enter() {
		return engine.NoneTaken, false
	}
	defer l.exit()
	l.drafting.Lock() // of two that find the last one that may go, one takes it
	defer l.drafting.Unlock()
	own := l.shm.Own()
	if own.Free() <= keptBack(own.Slots())+draftsLeave {
		return engine.NoneTaken, false
	}
	return own.Take()
}

// Bytes is what is to be sent. Nobody may write to it once it was staged.
func (d *Draft) Bytes() []byte { return d.payload }

// Release gives the slot back, if the draft was not sent. Any goroutine, any number of
// times, but not while the draft is staged; nil is no draft.
func (d *Draft) Release() {
	if d == nil || d.over.Swap(true) {
		return
	}
	l := d.link
	if l.pool != nil {
		l.pool.giveBack(d.slot)
		l.pool.wake(nil)
	} else if l.enter() { // else the guest has left: it writes nothing more, the host frees all
		l.shm.Own().Return(d.slot.Index)
		l.exit()
		l.wakeLocal()
	}
	l.lent.exit()
}

// sent ends the draft of a message that was published: the slot is the peer's to return.
func (d *Draft) sent() {
	d.over.Store(true)
	d.link.lent.exit()
}

// StageDraft is [Link.Stage] of a message whose payload is the draft, which stays the
// caller's until Commit.
func (l *Link) StageDraft(m *Message, d *Draft) error {
	l.send.take()
	err := l.Err()
	switch {
	case err != nil:
	case l.send.over.Load() || d.over.Load():
		err = ErrClosed
	default:
		l.send.slot, l.send.last = engine.NoneTaken, false
		header := engine.Header{Type: uint8(m.Type), ID: m.ID, Method: m.Method}
		if status := l.shm.StageWritten(header, uint32(len(d.payload)), d.slot); status != engine.OK {
			err = l.refused(status)
		}
	}
	if err != nil {
		l.send.leave()
		return err
	}
	l.send.draft = d
	return nil
}
