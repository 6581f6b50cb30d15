package shmring

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// Link is one side's end of one guest's rings, slot pools and channel table: a guest
// has one, a host one for each guest.
//
// [Link.Stage], [Link.Commit] and [Link.Abort] are called by one goroutine at a time,
// [Link.Receive] by one at a time, [Link.Wait] by one at a time; everything else by
// any. Once the link has ended every method stays safe to call.
type Link struct {
	seg  *segment
	peer uint32
	host bool
	bell *doorbell // nil between walk-up peers
	pool *hostPool // nil on a guest, whose own pool only this link takes from
	shm  *engine.End

	foreign, peerTable bool
	patience           time.Duration // longest sleep on futex words
	slotPatience       time.Duration // longest sleep while somebody waits for a slot
	lingering          time.Duration // longest sleep on the ring's head before that on the doorbell

	_ [64]byte // what senders and receivers write lies in lines of its own

	// Nobody touches the segment or the bell but inside one of these. Senders are in
	// from Stage to Commit.
	send      sendRole
	_         [64]byte
	receiving gate
	inside    gate
	lent      gate  // who has loans or drafts, in slots of the peer and of its own; outlives the link's end
	loans     loans // the peer's slots that are lent
	drafting  sync.Mutex

	waits       waiters
	slotWaiters atomic.Int32 // host: waiters of this link in pool; changes under pool.mu
	bellDue     atomic.Bool  // the peer sleeps on the doorbell and has to be rung
	slotBack    atomic.Bool  // a slot of pool came back, for which others may wait
	resting     atomic.Bool  // Rest came after the last message
	broken      uint32       // atomic: Interrupt came, a Wait on futex words has not seen it
	lingered    uint32       // Wait's: what had been received when it last lingered in vain
	napBreak    uint32       // atomic futex word: raised to end every Nap
	headSleeps  headSleeps   // sleeps on the head of the incoming ring
	onWake      atomic.Value // func()
	violated    atomic.Pointer[Fault]
	cause       atomic.Pointer[error] // why the link ended
	done        chan struct{}         // closed when cause is set
	retiring    sync.Once
	retired     chan struct{} // closed when the gates are shut and nobody is inside
	settled     chan struct{} // closed when, after that, every loan is back as well
	leaving     sync.Once
	left        error // what the one Leave returned
}

// linkConfig is what a link is made of. It owns none of it.
type linkConfig struct {
	seg      *segment
	peer     uint32
	host     bool
	bell     *doorbell // nil between walk-up peers
	hostPool *hostPool // the host's, for all its links
}

// newLink makes the link of an attached peer, whose entry has been checked. It starts
// from the ring indices that stand in the entry.
func newLink(c linkConfig) *Link {
	lay := &c.seg.lay
	flags := atomic.LoadUint32(c.seg.peerU32(c.peer, otherFlags(c.host)))
	l := &Link{
		seg: c.seg, peer: c.peer, host: c.host, bell: c.bell, pool: c.hostPool,
		foreign:   flags&layout.FlagKeeps == 0 || flags&layout.FlagTable == 0,
		peerTable: flags&layout.FlagTable != 0,
		patience:  wordsBound, slotPatience: slotBound, lingering: lingerBound,
		headSleeps: headSleeps{bound: holdBound},

		done:    make(chan struct{}),
		retired: make(chan struct{}),
		settled: make(chan struct{}),
		loans:   newLoans(lay.SlotsPerGuest),
	}
	l.shm = engine.New(engine.Place{
		Base: c.seg.ptr(0), Host: c.host,
		Entry: lay.peerEntry(c.peer), Ring: lay.ringOffset(c.peer), Table: lay.channelTable(c.peer),
		HostPool: lay.pool(0), GuestPool: lay.pool(c.peer), PoolHeader: lay.PoolHeader,
		RingSize: lay.RingSize, SlotSize: lay.SlotSize, Slots: lay.SlotsPerGuest,
		MaxChannels: lay.MaxChannels, PeerTable: l.peerTable,
	})
	l.send.init()
	l.receiving.init()
	l.inside.init()
	l.lent.init()
	if l.pool != nil {
		l.pool.join(l)
	}
	return l
}

// otherFlags is the field of the flags that the other side writes.
func otherFlags(host bool) uint64 {
	if host {
		return layout.OffPeerGuestFlags
	}
	return layout.OffPeerHostFlags
}

// Limits are the bounds that both sides took from the segment's header.
func (l *Link) Limits() Limits {
	lay := &l.seg.lay
	return Limits{MaxPayload: lay.MaxPayload, InitialCredit: lay.InitialCredit, MaxChannels: lay.MaxChannels}
}

// IsHost reports whether this side is the host.
func (l *Link) IsHost() bool { return l.host }

// PeerID is the guest's peer id, on either side.
func (l *Link) PeerID() uint32 { return l.peer }

// Foreign reports whether the peer is of another implementation: it does not keep its
// waiter flags or the channel table, and may never wake this side.
func (l *Link) Foreign() bool { return l.foreign }

// PeerHasTable reports whether the peer keeps the channel table.
func (l *Link) PeerHasTable() bool { return l.peerTable }

// Err is nil while the link lives, then why it ended.
func (l *Link) Err() error {
	if cause := l.cause.Load(); cause != nil {
		return *cause
	}
	return nil
}

// Done is closed when the link ends.
func (l *Link) Done() <-chan struct{} { return l.done }

// end ends the link: nothing more is sent, what lies in the ring may still be
// received. The first cause stays. It does not block.
func (l *Link) end(cause error) {
	if !l.cause.CompareAndSwap(nil, &cause) {
		return
	}
	close(l.done)
	l.breakSleeps()
}

// breakSleeps ends every Wait and Nap of this link.
func (l *Link) breakSleeps() {
	l.Interrupt()
	l.WakeNap(&l.napBreak)
}

// look ends the link if the other side says in the segment that it is over: a guest's
// entry that is not Attached, a host's goodbye. It returns the link's error.
func (l *Link) look() error {
	if err := l.Err(); err != nil || !l.enter() {
		return err
	}
	defer l.exit()
	attached := l.seg.word(l.peer).state() == layout.StateAttached
	switch {
	case l.host && !attached:
		l.end(ErrPeerLeft)
	case !l.host && l.seg.hostLeaving():
		l.end(ErrHostLeaving)
	case !l.host && !attached:
		l.end(ErrEvicted)
	}
	return l.Err()
}

// hungUp ends the link after its doorbell did: in order if the segment says so.
func (l *Link) hungUp() error {
	if l.look() == nil {
		l.end(ErrPeerDied)
	}
	return l.Err()
}

// enter lets the caller touch the segment and the bell until exit; false once the
// link is retired. A stay is short, but for a sleep that breakSleeps ends.
func (l *Link) enter() bool { return l.inside.enter() }

func (l *Link) exit() { l.inside.exit() }

// retire ends the link, lets nobody touch its memory or bell any more, and waits until
// nobody does but those who have loans. Only when these are back as well, and settled is
// closed, may the memory be unmapped or cleaned and the bell closed. The caller must not
// hold a staged message.
func (l *Link) retire() { l.retireWith(func() {}) }

// retireWith is retire with a last word, once nobody else is inside.
func (l *Link) retireWith(lastWord func()) {
	l.retiring.Do(func() {
		l.end(ErrClosed)
		l.receiving.shut()
		l.inside.shut()
		l.send.shut()
		l.breakSleeps() // those that fell asleep after the end
		l.receiving.drain()
		l.inside.drain()
		lastWord()
		if l.pool != nil {
			l.pool.leave(l)
		}
		l.settle()
		l.shm.Close()
		close(l.retired)
	})
}
