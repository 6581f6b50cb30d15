package shmring

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/engine"
)

// hostPool is the host's slot pool, which the links to all guests take from. Who has
// a slot is known here and nowhere in the segment, so that a guest cannot pass its
// slots off as another's.
type hostPool struct {
	// mu excludes takers from each other, and from reclaim: a take clears the slot's
	// bit before it raises the generation.
	mu    sync.Mutex
	pool  engine.Pool
	spare engine.Spares // taken from the pool for messages to come
	kept  uint32        // slots that a guest which has some leaves free
	least uint32        // slots that are free at least beside the spare ones: others only give back
	owner []uint8       // guest that a slot was last taken for, 0 none yet

	links map[*Link]struct{}
	// waiters counts those of all links that wait for a slot. It changes under mu,
	// together with the flag bits; it is read without to see that there are none.
	waiters atomic.Int32
}

// newHostPool is the pool of a segment whose host this process is.
func newHostPool(seg *segment) *hostPool {
	lay := &seg.lay
	p := &hostPool{
		pool:  engine.NewPool(seg.ptr(lay.pool(0)), lay.PoolHeader, lay.SlotSize, lay.SlotsPerGuest),
		owner: make([]uint8, lay.SlotsPerGuest),
		kept:  keptBack(lay.SlotsPerGuest),
		links: make(map[*Link]struct{}),
	}
	p.spare = engine.NewSpares(&p.pool)
	return p
}

// take takes a slot for a message of size bytes to a guest, if it may have one: a guest for which
// slots are out gets another only while more than a quarter of the pool, at least one
// slot, is free. A guest that returns none starves itself and not the others. It was the
// last one at hand when the next take has to go to the segment.
func (p *hostPool) take(peer uint32, size int) (slot engine.Slot, last, ok bool) {
	slot = engine.NoneTaken
	p.mu.Lock()
	if p.leaves(p.kept) || !p.hasOut(peer) {
		slot, ok = p.takeFor(peer, size)
		last = p.spare.None()
	}
	p.mu.Unlock()
	return slot, last, ok
}

// lookAhead takes slots for messages to come if none is at hand.
func (p *hostPool) lookAhead() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spare.None() {
		p.spare.Ahead()
		p.least = p.pool.Free()
	}
}

// takeDraft takes a slot for a draft of a message to a guest, which may keep it for long.
func (p *hostPool) takeDraft(peer uint32) (engine.Slot, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.leaves(p.kept + draftsLeave) {
		return engine.NoneTaken, false
	}
	return p.takeFor(peer, 0)
}

// leaves says whether more than so many slots are free. It counts those of the bitmap
// only where what was counted last does not tell. The caller holds mu.
func (p *hostPool) leaves(slots uint32) bool {
	if p.least+p.spare.Len() <= slots {
		p.least = p.pool.Free()
	}
	return p.least+p.spare.Len() > slots
}

// takeFor takes a slot for a guest. The caller holds mu.
func (p *hostPool) takeFor(peer uint32, size int) (engine.Slot, bool) {
	none := p.spare.None()
	slot, took, ok := p.spare.TakeFor(size)
	if !ok {
		return engine.NoneTaken, false
	}
	if none || took {
		p.least = p.pool.Free()
	}
	p.owner[slot.Index] = uint8(peer)
	return slot, true
}

// giveBackSpares frees the slots that were taken for messages to come.
func (p *hostPool) giveBackSpares() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropSpares()
}

// dropSpares frees them. The caller holds mu.
func (p *hostPool) dropSpares() {
	p.least += p.spare.Len()
	p.spare.GiveBack()
}

// giveBack returns a slot that was sent to nobody; wake is to follow.
func (p *hostPool) giveBack(slot engine.Slot) { p.pool.Return(slot.Index) }

// hasOut reports whether a slot taken for peer is not back yet.
func (p *hostPool) hasOut(peer uint32) bool {
	found := false
	p.eachOut(func(index uint32) { found = found || p.owner[index] == uint8(peer) })
	return found
}

// eachOut calls fn for every slot that is out. The caller holds mu.
func (p *hostPool) eachOut(fn func(index uint32)) {
	for w := range p.pool.Words() {
		for out := p.pool.OutBits(w) &^ p.spare.In(w); out != 0; out &= out - 1 {
			fn(w*64 + uint32(bits.TrailingZeros64(out)))
		}
	}
}

// reclaim frees the slots that were on their way to a guest whose link is retired,
// and those that nobody took, whose bits a guest must have cleared.
func (p *hostPool) reclaim(peer uint32) {
	p.mu.Lock()
	p.dropSpares()
	p.eachOut(func(index uint32) {
		if owner := p.owner[index]; owner == uint8(peer) || owner == 0 {
			p.owner[index] = 0
			p.pool.Return(index)
		}
	})
	p.least = p.pool.Free()
	p.mu.Unlock()
	p.wake(nil)
}

// join makes the pool's waiters known to the guest of a new link.
func (p *hostPool) join(l *Link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links[l] = struct{}{}
	if p.waiters.Load() > 0 {
		l.declare(l.bit(KindSlot))
	}
}

// leave forgets a link that has been retired, with its waiters.
func (p *hostPool) leave(l *Link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
	p.count(-l.slotWaiters.Swap(0))
	if len(p.links) == 0 {
		p.dropSpares()
	}
}

// arm adds a waiter of l. Any guest may return the slot it waits for, so its bit
// stands in the flags towards all of them.
func (p *hostPool) arm(l *Link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, joined := p.links[l]; joined {
		l.slotWaiters.Add(1)
		p.count(1)
	}
}

// disarm takes a waiter of l back.
func (p *hostPool) disarm(l *Link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.slotWaiters.Load() > 0 {
		l.slotWaiters.Add(-1)
		p.count(-1)
	}
}

// count changes the number of waiters and, with the first and last, the bits. The
// caller holds mu.
func (p *hostPool) count(by int32) {
	now := p.waiters.Add(by)
	switch {
	case by > 0 && now == by:
		p.declare()
	case by < 0 && now == 0:
		for l := range p.links {
			l.withdraw(l.bit(KindSlot))
		}
	}
}

// declare sets the bit towards every guest. The caller holds mu.
func (p *hostPool) declare() {
	for l := range p.links {
		l.declare(l.bit(KindSlot))
	}
}

// redeclare sets the bits anew before a sleep for a slot: an entry may have been
// cleaned since.
func (p *hostPool) redeclare() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiters.Load() > 0 {
		p.declare()
	}
}

// wake makes the waiters of every link but one look again: a slot may have come back
// by another way than their own guest.
func (p *hostPool) wake(but *Link) {
	if p.waiters.Load() == 0 {
		return
	}
	var waiting []*Link
	p.mu.Lock()
	for l := range p.links {
		if l != but && l.slotWaiters.Load() > 0 {
			waiting = append(waiting, l)
		}
	}
	p.mu.Unlock()
	for _, l := range waiting { // outside the lock: the function is the driver's
		l.wakeLocal()
	}
}
