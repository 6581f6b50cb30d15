package shmring

import "github.com/roam-rpc/roam-go/internal/engine"

// Receive takes what has arrived, up to the batch's capacity, copies it out of the
// segment and gives ring places and slots back to the peer; a peer that waits for
// them on its doorbell is left to [Link.Notify]. It never blocks and returns 0 when
// nothing is there.
//
// A *[Fault] is a message that breaks a rule; those before it are received first. An
// ended link gives what still lies in the ring, then its end error.
func (l *Link) Receive(b *Batch) (int, error) { return l.Poll(b, 0) }

// Poll is [Link.Receive] that first polls the incoming ring, for so many iterations of a
// few ten nanoseconds each, until it has something to give. Keep it below some 20
// microseconds: the processor is not given up.
func (l *Link) Poll(b *Batch, iterations int) (int, error) {
	b.Messages = nil
	records, arena := b.records, b.arena
	large := false
	for {
		ended := l.Err() // before the ring is looked at: what lay in it at the end is received
		if f := l.violated.Load(); f != nil {
			return 0, f
		}
		if !l.receiving.enterAlone() {
			return 0, l.Err()
		}
		if iterations > 0 && !l.shm.Spin(iterations) && !l.over() {
			l.receiving.exitAlone()
			return 0, nil
		}
		iterations = 0
		n, status, bell := l.shm.Receive(records, arena)
		l.receiving.exitAlone()
		l.owe(bell)
		b.fill(n, arena)
		if large && n > 0 {
			b.handOut()
		}
		switch {
		case status.Fault():
			if f := l.violate(l.faultOf(status, b.bad(n))); n == 0 {
				return 0, f
			}
			return n, nil
		case status == engine.ArenaFull && n == 0:
			if !large && b.wants() {
				if n, err := l.lend(b); n > 0 || err != nil {
					return n, err
				}
			}
			need := int(b.records[0].Length)
			if large { // a peer that changes what it has sent: there is no more than a slot
				need = int(l.seg.lay.SlotSize)
			}
			records, arena, large = b.records[:1], b.room(need), true
			continue
		case n > 0:
			if l.resting.Load() {
				l.resting.Store(false)
			}
			return n, nil
		case ended != nil:
			return 0, ended
		}
		if l.look() == nil {
			return 0, nil
		}
	}
}

// Rest tells the peer of all ring places that are free, and has the slots given back that
// were taken ahead for messages of this side. Receive and Stage do both for many messages at
// once; who receives rests before it stops for long. Same goroutine as Receive; it does
// not block. [Link.Notify] does the rest of it.
func (l *Link) Rest() {
	if !l.receiving.enterAlone() {
		return
	}
	defer l.receiving.exitAlone()
	l.owe(l.shm.Settle())
	l.resting.Store(true) // before Notify's look whether somebody sends, who calls it after that
}

// giveBackSpares frees the slots that were taken ahead, unless somebody sends just now. The
// caller is inside.
func (l *Link) giveBackSpares() {
	if l.pool != nil {
		l.pool.giveBackSpares()
		return
	}
	if lock := l.send.lock(); lock.TryLock() {
		l.shm.GiveBackSpares()
		lock.Unlock()
	}
}

// violate keeps the first fault of the peer, for whoever receives next.
func (l *Link) violate(f *Fault) error {
	if l.violated.CompareAndSwap(nil, f) {
		l.Interrupt()
	}
	return l.violated.Load()
}

// Pending reports whether Receive has something to give: a message, a fault or the
// link's end.
func (l *Link) Pending() bool {
	if l.over() || !l.receiving.enter() {
		return true
	}
	defer l.receiving.exit()
	return l.shm.Pending()
}

// over reports whether there is something to learn beside the ring.
func (l *Link) over() bool { return l.cause.Load() != nil || l.violated.Load() != nil }

// RecvHead is the index that the peer has filled the incoming ring to (acquire), 0
// once the link is retired.
func (l *Link) RecvHead() uint32 {
	if !l.receiving.enter() {
		return 0
	}
	defer l.receiving.exit()
	return l.shm.Head()
}
