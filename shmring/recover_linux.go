package shmring

import (
	"errors"
	"fmt"
	"time"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/layout"
)

const (
	// drainTime is how long the driver of an ended link may take to receive what still
	// lies in the ring.
	drainTime = time.Second
	// partTime is how long the end of a guest waits for whatever may still use its
	// memory before it is reported without that.
	partTime = 2 * time.Second
	// statusTime is how long a process that hung up or was killed is given to end, so
	// that its status can be told.
	statusTime = 5 * time.Second
	// holdInterval is how often a guest that is still there after its end is looked at.
	holdInterval = 100 * time.Millisecond
)

// attend is the goroutine of one guest: it watches the link until a driver takes it,
// and recovers what the guest leaves behind (shm.crash.recovery).
func (p *Peer) attend() {
	link := p.custody.link
	// Inside until the guest has been told: a driver that retires the link before that
	// waits for it.
	inside := link.enter()
	p.custody.watch()
	<-link.Done()
	p.forget()
	if !errors.Is(link.Err(), ErrClosed) { // else the driver leaves, its Goodbye message before the state
		p.setGoodbye()
	}
	if inside {
		p.wake()
		link.exit()
	}
	p.drain()
	p.setGoodbye()
	link.retire() // from here no goroutine of this process is in the guest's memory, but for loans
	gone := p.awaitGone(partTime) && p.awaitLoans(partTime)
	if gone {
		p.host.recycle(p.id)
	} else {
		p.host.giveUp(p.id)
	}
	p.finish(gone)
	defer p.host.linger()()
	late := !gone && p.awaitGone(0)
	<-link.settled // also when the host goes by force: it unmaps the segment after this
	if late {
		p.host.recycle(p.id)
	}
	if p.bell != nil {
		p.bell.close()
	}
}

// linger takes the calling goroutine from those that a leaving host waits for to those
// that end when it goes by force; it calls the result when it ends.
func (h *Host) linger() (done func()) {
	h.tasks.Add(1) // before: a host without guests waits for its tasks
	h.guests.Done()
	return h.tasks.Done
}

// setGoodbye keeps the entry from everyone until it is recovered.
func (p *Peer) setGoodbye() {
	h := p.host
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seg.setWord(p.id, wordOf(layout.StateGoodbye, h.places[p.id-1].epoch))
}

// wake wakes whoever may still be the guest, so that it sees the Goodbye. The caller is
// inside the link, which may be retiring.
func (p *Peer) wake() {
	p.custody.link.shm.WakeAll()
	if p.bell != nil {
		_ = p.bell.ring() // when nobody is there that is seen soon
	}
}

// drain gives the driver that has the link a bounded time to receive the rest of the
// ring and leave.
func (p *Peer) drain() {
	if !p.custody.isTaken() {
		return
	}
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	select {
	case <-p.custody.link.retired:
	case <-timer.C:
	case <-p.host.force:
	}
}

// awaitGone waits until nobody can use the guest's memory any more, at most d (0: as
// long as the host lives), and says whether that is so.
func (p *Peer) awaitGone(d time.Duration) bool {
	var deadline time.Time
	if d > 0 {
		deadline = time.Now().Add(d)
	}
	switch {
	case p.bell != nil:
		return p.host.awaitHangUp(p.bell, deadline, func() {})
	case !p.foreign:
		return p.host.hold(deadline, lookInterval, func() bool { return !byteLocked(p.host.seg.file, p.id) })
	case errors.Is(p.custody.link.Err(), ErrPeerLeft): // it set Goodbye itself
		left := time.Now().Add(strayTime)
		return p.host.hold(deadline, lookInterval, func() bool { return time.Now().After(left) })
	}
	return p.host.hold(deadline, time.Hour, func() bool { return false }) // nothing will ever tell
}

// awaitLoans waits until every loan of the guest's memory is back, at most d or until the
// host goes by force, and says whether that is so.
func (p *Peer) awaitLoans(d time.Duration) bool {
	settled := p.custody.link.settled
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-settled:
	case <-timer.C:
	case <-p.host.force:
	}
	return isClosed(settled)
}

// hold looks every interval until gone says yes, the deadline (if any) has passed, or
// the host goes by force.
func (h *Host) hold(deadline time.Time, every time.Duration, gone func() bool) bool {
	for !gone() {
		wait := every
		if !deadline.IsZero() {
			wait = min(wait, time.Until(deadline))
		}
		if wait <= 0 {
			return false
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-h.force:
			timer.Stop()
			return false
		}
	}
	return true
}

// awaitHangUp is hold for the other end of a doorbell, and calls look now and then.
func (h *Host) awaitHangUp(bell *doorbell, deadline time.Time, look func()) bool {
	for !bell.hungUp() {
		next := time.Now().Add(holdInterval)
		if !deadline.IsZero() && deadline.Before(next) {
			next = deadline
		}
		look()
		if bell.wait(next) != nil {
			return true
		}
		if !deadline.IsZero() && !time.Now().Before(deadline) || isClosed(h.force) {
			return bell.hungUp()
		}
	}
	return true
}

// recycle cleans an entry that nobody uses and makes it Empty.
func (h *Host) recycle(id uint32) {
	h.slots.reclaim(id)
	h.seg.cleanEntry(id)
	h.vacate(id)
}

// giveUp lets nobody wait any longer for an entry that something still uses.
func (h *Host) giveUp(id uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.settle(&h.places[id-1], stuck)
}

// finish tells everyone that the guest has ended, once, and with what status when its
// process is gone as well.
func (p *Peer) finish(gone bool) {
	p.err = p.custody.link.Err()
	if gone && p.child != nil && errors.Is(p.err, ErrPeerDied) && p.child.await(statusTime) {
		p.err = fmt.Errorf("%w (%v)", p.err, p.child.cmd.ProcessState)
	}
	close(p.done)
	p.host.log.Debug("guest ended", "peer", p.id, "cause", p.err)
	if p.host.cfg.OnDeath != nil {
		p.host.cfg.OnDeath(p.id, p.err)
	}
}

// evict sets Goodbye on an entry that was claimed when its reservation was already
// given up, and wakes that guest so that it sees so.
func (h *Host) evict(id, epoch uint32, bell *doorbell) {
	if h.seg.casWord(id, wordOf(layout.StateAttached, epoch), wordOf(layout.StateGoodbye, epoch)) {
		engine.WakeShared(h.seg.peerU32(id, layout.OffPeerHostToGuestHead))
		bell.ring()
	}
}

// takeBack ends the reservation of a guest that was spawned, and killed since: once
// nobody can claim it any more, the entry is cleaned as after a death.
func (h *Host) takeBack(id, epoch uint32, bell *doorbell) {
	defer h.linger()()
	defer bell.close()
	h.giveUp(id) // a descendant may hold the doorbell for as long as it likes
	if h.awaitHangUp(bell, time.Time{}, func() { h.evict(id, epoch, bell) }) {
		h.seg.setWord(id, wordOf(layout.StateGoodbye, epoch))
		h.recycle(id)
	}
}

// revoke ends the reservation of a guest that was to join: it writes nothing before
// its claim, so once it cannot claim any more the entry is clean. One that has claimed
// after all is sent away.
func (h *Host) revoke(id, epoch uint32, bell *doorbell) {
	if !h.seg.casWord(id, wordOf(layout.StateReserved, epoch), wordOf(layout.StateGoodbye, epoch)) {
		h.takeBack(id, epoch, bell)
		return
	}
	h.recycle(id)
	bell.close()
	h.guests.Done()
}
