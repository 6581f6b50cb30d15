package shmring

import (
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/engine"
)

// Loan is a slot of the peer whose payload is used where it lies. The memory stays mapped
// and is not given to another guest until Release, whatever becomes of the peer and the
// link; the peer itself may write to it all the while.
type Loan struct {
	link *Link
	slot engine.Slot
	over atomic.Bool
}

// Release gives the slot back to the peer; nobody may use the payload any more. Any
// goroutine, any number of times; nil is no loan.
func (o *Loan) Release() {
	if o == nil || o.over.Swap(true) {
		return
	}
	l := o.link
	l.loans.remove(o.slot.Index)
	o.giveBack()
	l.lent.exit()
	l.Notify()
}

// giveBack frees the slot. On a link that is retired it leaves that to the host, which
// frees all slots of the pair once both sides are out of them: a guest that has left
// writes nothing more.
func (o *Loan) giveBack() {
	l := o.link
	if !l.enter() {
		return
	}
	status, bell := l.shm.Return(o.slot)
	l.exit()
	l.owe(bell)
	if status != engine.OK { // the peer took it back, or sent it once more
		_ = l.violate(l.faultOf(status, &engine.Record{Slot: o.slot.Index, Generation: o.slot.Generation}))
	}
}

// loans are the slots of the peer's pool that are lent, a bit for each.
type loans []atomic.Uint64

func newLoans(slots uint32) loans { return make(loans, (uint64(slots)+63)/64) }

// add says whether the slot was not lent already.
func (s loans) add(slot uint32) bool {
	bit := uint64(1) << (slot % 64)
	return s[slot/64].Or(bit)&bit == 0
}

func (s loans) remove(slot uint32) { s[slot/64].And(^(uint64(1) << (slot % 64))) }

// keptBack is how many slots of a pool must stay free for those who may do with none: a
// quarter, at least one.
func keptBack(slots uint32) uint32 { return max(1, slots/4) }

// mayLend says whether the slot of a message that was just received may stay out; the
// caller is inside. A payload is lent only while more than a quarter of its pool is free. Whoever lends last
// found so many, so they are never all lent, and messages that are copied always get
// through: no order of handlers that wait for each other can use a pool up. On the
// host's pool, which guests share, that holds for all of them together.
func (l *Link) mayLend() bool { return l.shm.PeerFree() > keptBack(l.seg.lay.SlotsPerGuest) }

// lend takes the message at which the engine stopped for its size, and that is to be lent,
// and leaves its payload in its slot; 0 when it has to be copied after all.
func (l *Link) lend(b *Batch) (int, error) {
	if !l.receiving.enterAlone() {
		return 0, l.Err()
	}
	defer l.receiving.exitAlone() // before it the gate of loans does not close
	if !l.mayLend() {
		return 0, nil
	}
	r := &b.records[0]
	if !l.loans.add(r.Slot) {
		return 0, l.violate(l.faultOf(engine.BadSlot, r))
	}
	l.lent.enter()
	payload, bell := l.shm.Lend(r)
	l.owe(bell)
	b.lent(payload, &Loan{link: l, slot: engine.Slot{Index: r.Slot, Generation: r.Generation}})
	return 1, nil
}

// settle closes settled when every loan is back; no more are made.
func (l *Link) settle() {
	l.lent.shut()
	go func() {
		l.lent.drain()
		close(l.settled)
	}()
}
