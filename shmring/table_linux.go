package shmring

import (
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// place is the host's own knowledge of one entry. What stands in the entry is written
// by guests; what is done about it is decided from here.
type place struct {
	epoch    uint32    // as last Empty; as reserved, or accepted from a walk-up guest, since
	taken    bool      // reserved by us, attached, or not yet recovered
	peer     *Peer     // the attached guest, until it has ended
	recovery recovery  // of the guest that had it last
	stray    time.Time // since when a vacant entry with no lock is not Empty
}

// recovery is how far the recovery of an entry is whose guest has ended.
type recovery uint8

const (
	over     recovery = iota // or not begun
	underWay                 // ends in a bounded time
	stuck                    // something may use the guest's memory for long
)

// recoveryTime bounds the wait for entries that are being recovered, as recoveries are.
const recoveryTime = drainTime + 2*partTime

// lookInterval is how often entries are looked at that may change without a sound.
const lookInterval = 50 * time.Millisecond

// strayTime is how long a guest without lock or doorbell is given to stop touching
// the segment after it said goodbye.
const strayTime = time.Second

// reserve takes an Empty entry for a guest that is about to be started or to join:
// (Empty, e) to (Reserved, e+1). It adds one to guests, which whoever ends the
// reservation or the guest takes off. With all entries in use it waits for those whose
// guests have ended: a guest that leaves and comes again at once finds its own entry.
func (h *Host) reserve() (id, epoch uint32, err error) {
	id, epoch, recovered, err := h.tryReserve()
	if recovered == nil {
		return id, epoch, err
	}
	enough := time.NewTimer(recoveryTime)
	defer enough.Stop()
	for recovered != nil {
		select {
		case <-recovered:
		case <-h.leaving:
		case <-enough.C:
			return 0, 0, err
		}
		id, epoch, recovered, err = h.tryReserve()
	}
	return id, epoch, err
}

// tryReserve is reserve without the wait: recovered is nil, or closed when an entry has
// been recovered, or given up, and it may be worth to try again.
func (h *Host) tryReserve() (id, epoch uint32, recovered <-chan struct{}, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isLeaving() {
		return 0, 0, nil, ErrClosed
	}
	for i := range h.places {
		p, id := &h.places[i], uint32(i+1)
		if p.taken {
			if h.freeSoon(id) {
				recovered = h.recovered
			}
			continue
		}
		w := h.seg.word(id)
		if w.state() != layout.StateEmpty {
			h.look(id)
			continue
		}
		if h.seg.casWord(id, w, wordOf(layout.StateReserved, p.epoch+1)) {
			p.taken = true
			p.epoch++
			h.restore(id)
			h.guests.Add(1)
			return id, p.epoch, nil, nil
		}
	}
	return 0, 0, recovered, fmt.Errorf("%w: all %d entries are in use", ErrHubFull, len(h.places))
}

// restore writes what the next guest will read anew: a hostile one may have changed it
// since the entry was cleaned. The entry is reserved, so nobody uses it. mu is held.
func (h *Host) restore(id uint32) {
	h.seg.writeHeader()
	h.seg.publish()
	h.seg.cleanEntry(id)
}

// vacate makes a clean entry Empty again.
func (h *Host) vacate(id uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := &h.places[id-1]
	p.taken, p.peer = false, nil
	h.seg.setWord(id, wordOf(layout.StateEmpty, p.epoch))
	h.settle(p, over)
}

// settle notes what became of the recovery of an entry. mu is held.
func (h *Host) settle(p *place, r recovery) {
	p.recovery = r
	close(h.recovered)
	h.recovered = make(chan struct{})
}

// freeSoon says whether the guest of an entry that is taken has ended and its recovery
// is not stuck. It looks for itself, and ends the link of one that has: the goroutines
// that wait for the guest's claim and for its end may see it a moment later. mu is held.
func (h *Host) freeSoon(id uint32) bool {
	p := &h.places[id-1]
	if p.peer == nil {
		return p.recovery == underWay || p.recovery == over && h.seg.word(id).state() == layout.StateGoodbye
	}
	link := p.peer.custody.link
	if cause := h.inspect(p); cause != nil {
		link.end(cause)
	} else if bell := p.peer.bell; bell != nil && bell.hungUp() {
		_ = link.hungUp() // ends it
	}
	return link.Err() != nil
}

// patrolInterval is how often patrol looks, 0 for never: with a path for guests that
// walk up, with a heartbeat for stale beats.
func (h *Host) patrolInterval() time.Duration {
	switch beat := h.cfg.HeartbeatInterval; {
	case h.cfg.Path != "":
		return lookInterval
	case beat > 0:
		return max(lookInterval, min(beat/2, time.Second))
	}
	return 0
}

// patrol looks at all entries until the host has no more guests.
func (h *Host) patrol(every time.Duration) {
	defer h.tasks.Done()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-h.force:
			return
		case <-tick.C:
			h.lookAround()
		}
	}
}

// lookAround finds guests that walked up and guests that have ended without a doorbell.
func (h *Host) lookAround() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.places {
		p, id := &h.places[i], uint32(i+1)
		switch {
		case p.peer != nil:
			if cause := h.inspect(p); cause != nil {
				p.peer.custody.link.end(cause)
			}
		case !p.taken && h.cfg.Path != "" && !h.isLeaving():
			h.look(id)
		}
	}
}

// look deals with a vacant entry: a guest may have walked up, or died on its way. mu is
// held.
func (h *Host) look(id uint32) {
	p, w := &h.places[id-1], h.seg.word(id)
	walkUp := w.state() == layout.StateAttached && h.cfg.Path != "" // nobody is served who walks up to a memfd
	switch raised := w.epoch() - p.epoch; {
	case w.state() == layout.StateEmpty:
		p.stray = time.Time{}
	case walkUp && h.seg.guestKeeps(id) && raised == 1:
		h.adopt(id, w.epoch(), false)
	case walkUp && !h.seg.guestKeeps(id) && raised <= 1: // raised later
		h.adopt(id, p.epoch, true)
	case byteLocked(h.seg.file, id): // a guest in the middle of attaching, or on its way out
		p.stray = time.Time{}
	case w.state() != layout.StateReserved && p.stray.IsZero():
		p.stray = time.Now()
	case w.state() == layout.StateReserved || time.Since(p.stray) > strayTime:
		if raised == 1 {
			p.epoch = w.epoch()
		}
		p.stray = time.Time{}
		h.seg.setWord(id, wordOf(layout.StateGoodbye, p.epoch))
		h.seg.cleanEntry(id)
		h.seg.setWord(id, wordOf(layout.StateEmpty, p.epoch))
	}
}

// adopt takes in a guest that walked up. mu is held.
func (h *Host) adopt(id, epoch uint32, foreign bool) {
	p := &h.places[id-1]
	p.taken, p.stray = true, time.Time{}
	if !foreign {
		p.epoch = epoch
	}
	h.guests.Add(1)
	peer := &Peer{host: h, id: id, origin: walkedUp, foreign: foreign}
	h.install(peer)
}

// inspect tells why the attached guest of p has ended, nil while it has not. mu is
// held.
func (h *Host) inspect(p *place) error {
	peer := p.peer
	if peer.custody.link.Err() != nil {
		return nil
	}
	w := h.seg.word(peer.id)
	if peer.origin == walkedUp && peer.foreign && !peer.raised && w.epoch() == p.epoch+1 {
		peer.raised, p.epoch = true, w.epoch() // it raises the epoch after the state
	}
	switch {
	case w == wordOf(layout.StateGoodbye, p.epoch):
		return ErrPeerLeft
	case w != wordOf(layout.StateAttached, p.epoch):
		return fmt.Errorf("%w: its entry is %v, it attached with epoch %d", ErrPeerDied, w, p.epoch)
	case peer.origin == walkedUp && !peer.foreign && !byteLocked(h.seg.file, peer.id):
		return fmt.Errorf("%w: its lock is gone", ErrPeerDied)
	case h.cfg.HeartbeatInterval > 0 && h.silent(peer):
		return fmt.Errorf("%w: no heartbeat for two intervals of %v", ErrPeerDied, h.cfg.HeartbeatInterval)
	}
	return nil
}

// silent says whether the last heartbeat is older than two intervals. 0 counts from
// when we first saw the guest; a beat in the future gives a negative age, which
// proves nothing.
func (h *Host) silent(peer *Peer) bool {
	last := atomic.LoadUint64(h.seg.beat(peer.id))
	if last == 0 {
		last = peer.seen
	}
	age, interval := int64(monotonic()-last), int64(h.cfg.HeartbeatInterval)
	return age > interval && age-interval > interval // 2*interval might overflow
}

// monotonic is CLOCK_MONOTONIC in nanoseconds, the clock of last_heartbeat.
func monotonic() uint64 {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // cannot fail: every kernel has this clock
	return uint64(now.Nano())
}
