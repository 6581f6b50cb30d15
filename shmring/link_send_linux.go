package shmring

import (
	"sync"
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// sendRole is held from a successful Stage to its Commit or Abort, so that a Goodbye
// of Leave never comes between them and the memory stays until they are done.
type sendRole struct {
	under atomic.Pointer[SendLock]
	given bool        // by SendUnder, and who stages holds it already
	own   sync.Mutex  // is under where none was given
	over  atomic.Bool // no Stage succeeds any more
	slot  engine.Slot // what the host's pool gave for the staged message; of who has the role
	last  bool        // and has no other at hand now; likewise
	// draft is what the staged message is, nil for one that was copied; likewise.
	draft *Draft
}

func (s *sendRole) init() {
	var own SendLock = &s.own
	s.under.Store(&own)
}

// lock is that of who has the role, for those who do not send for the driver.
func (s *sendRole) lock() SendLock { return *s.under.Load() }

// take takes the lock for a Stage.
func (s *sendRole) take() {
	if !s.given {
		s.own.Lock()
	}
}

// leave gives it up, after a Stage that failed, or Commit or Abort.
func (s *sendRole) leave() {
	if !s.given {
		s.own.Unlock()
	}
}

// shut ends the role, after the sender that has it.
func (s *sendRole) shut() {
	s.over.Store(true) // before the look at the lock: who sends under one that is set after it finds this
	lock := s.lock()
	lock.Lock()
	defer lock.Unlock()
}

// SendUnder makes lock that of all who send over the link: from now on Stage, StageDraft,
// Commit and Abort are called by who holds it, from before Stage until after Commit or
// Abort, and Leave takes it for its Goodbye. Without it the link has a lock of its own. It
// is called before anything is sent.
func (l *Link) SendUnder(lock SendLock) {
	l.send.given = true
	l.send.under.Store(&lock)
}

// Stage takes room in the ring and, for prefix and payload of together more than 32
// bytes, a slot, and writes the message where the peer does not see it yet. A message
// that was staged must be followed by [Link.Commit] or [Link.Abort]. m and prefix are
// not kept.
//
// It never blocks. [ErrNoSpace], [ErrNoSlot], a *[SizeError], a *[Fault] or the link's
// end error mean that nothing is held.
func (l *Link) Stage(m *Message, prefix []byte) error {
	size := len(prefix) + len(m.Payload)
	if size > int(l.seg.lay.MaxPayload) {
		return &SizeError{Size: size, Max: l.seg.lay.MaxPayload}
	}
	l.send.take()
	err := l.Err()
	if err == nil {
		err = l.stage(m, prefix)
	}
	if err != nil {
		l.send.leave()
	}
	return err
}

// stage is Stage for who has the send role and has checked the size.
func (l *Link) stage(m *Message, prefix []byte) error {
	if l.send.over.Load() {
		return l.Err()
	}
	l.send.slot, l.send.last = engine.NoneTaken, false
	size := len(prefix) + len(m.Payload)
	if l.pool != nil && size > layout.InlineMax {
		if status := l.shm.Room(); status != engine.OK {
			return l.refused(status)
		}
		var ok bool
		if l.send.slot, l.send.last, ok = l.pool.take(l.peer, size); !ok {
			return ErrNoSlot
		}
	}
	header := engine.Header{Type: uint8(m.Type), ID: m.ID, Method: m.Method}
	status := l.shm.Stage(header, prefix, m.Payload, l.send.slot)
	if status == engine.OK {
		return nil
	}
	l.returnSlot(l.send.slot)
	return l.refused(status)
}

// refused is the error of a status of Stage that is not OK.
func (l *Link) refused(status engine.Status) error {
	switch status {
	case engine.NoSpace:
		return ErrNoSpace
	case engine.NoSlot:
		return ErrNoSlot
	}
	return l.violate(l.faultOf(status, &engine.Record{}))
}

// Commit publishes the staged message and wakes a peer that sleeps on the ring's
// head. It waits for nobody but who takes or gives back a slot of the pool at that moment.
// A peer that sleeps on its doorbell is left to [Link.Notify].
func (l *Link) Commit() {
	l.owe(l.shm.Commit())
	if draft := l.send.draft; draft != nil {
		l.send.draft = nil
		draft.sent()
	}
	switch {
	case l.resting.Load():
	case l.pool == nil:
		l.shm.LookAhead()
	case l.send.last:
		l.pool.lookAhead()
	}
	l.send.leave()
}

// Woke reports whether a Commit since the last Woke found the peer asleep on the ring's
// head or the doorbell.
func (l *Link) Woke() bool { return l.shm.Woke() }

// Abort gives back what Stage took. Who waits for a slot of the host's pool on another link
// is left to [Link.Notify].
func (l *Link) Abort() {
	l.shm.Abort()
	l.returnSlot(l.send.slot)
	l.send.draft = nil
	l.send.leave()
}

// returnSlot gives back what the host's pool gave.
func (l *Link) returnSlot(slot engine.Slot) {
	if slot != engine.NoneTaken {
		l.pool.giveBack(slot)
		l.slotBack.Store(true)
	}
}

// owe notes that the doorbell has to be rung.
func (l *Link) owe(ring bool) {
	if ring && l.bell != nil {
		l.bellDue.Store(true)
	}
}

// Notify does what Commit, Abort, Receive and Grant leave to be done outside of locks: it
// rings the doorbell if one of them found the peer asleep on it, calls the OnWake functions
// of other links that wait for a slot which was given back, and gives up the slots that a
// link which rests has at hand. It never blocks; it may make a system call.
func (l *Link) Notify() {
	if l.resting.Load() && l.enter() {
		l.giveBackSpares() // nobody may come back to it for long
		l.exit()
	}
	if l.slotBack.Load() && l.slotBack.Swap(false) {
		l.pool.wake(l)
	}
	if l.bellDue.Load() && l.bellDue.Swap(false) && l.ring() != nil {
		_ = l.hungUp() // ends the link
	}
}

// ring rings the doorbell, if there is one.
func (l *Link) ring() error {
	if l.bell == nil || !l.enter() {
		return nil
	}
	defer l.exit()
	return l.bell.ring()
}

// wakePeer wakes the peer whatever it sleeps on. It does nothing on a link that is
// retired.
func (l *Link) wakePeer() {
	if !l.enter() {
		return
	}
	l.shm.WakeAll()
	l.exit()
	_ = l.ring() // whoever reads this bell learns of its end by itself
}
