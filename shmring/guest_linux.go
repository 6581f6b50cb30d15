package shmring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// leaveTime bounds how long Close waits for the host to take what is in the ring.
const leaveTime = time.Second

// Guest is this process as a guest of a host: it holds one entry of the segment.
// Methods may be called from any goroutine.
type Guest struct {
	seg     *segment
	bell    *doorbell // nil after a walk-up
	id      uint32
	custody *custody
	keeper  *keeper

	released   chan struct{} // closed when mapping, lock and doorbell are gone
	releaseErr error         // set before released is closed
}

// ID is the peer id, 1 to 255.
func (g *Guest) ID() uint32 { return g.id }

// Link gives the guest's end of its rings to a driver, which from then on calls its
// Wait. Further calls return the same link.
func (g *Guest) Link() *Link { return g.custody.take() }

// Close leaves in order ([Link.Leave] without a reason, for at most a second, when the
// driver has not done so) and releases mapping, lock and doorbell, when every [Loan] is
// back. It may be called again, and not by who holds a loan.
func (g *Guest) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	_ = g.Link().Leave(ctx, "") // a host that takes no more is left all the same
	<-g.released
	return g.releaseErr
}

// start makes an attached guest a live one; byLock when the host's lock is what shows
// its end.
func (g *Guest) start(byLock bool) {
	g.released = make(chan struct{})
	g.custody = newCustody(newLink(linkConfig{seg: g.seg, peer: g.id, bell: g.bell}))
	g.keeper = g.keep(byLock)
	g.announce()
	go g.attend()
}

// announce tells the host of the claim: spawn and join sleep on the doorbell, others
// may sleep on the state.
func (g *Guest) announce() {
	engine.WakeShared(g.seg.peerU32(g.id, layout.OffPeerState))
	if g.bell != nil {
		_ = g.bell.ring() // a host that is gone is found out by the link
	}
}

// attend watches the link until a driver takes it, and releases everything once the
// link is retired: the doorbell, which tells the host that the entry is free, last.
func (g *Guest) attend() {
	g.custody.watch()
	<-g.custody.link.retired
	g.keeper.stop()
	<-g.custody.link.settled
	g.releaseErr = g.abandon()
	close(g.released)
}

// abandon unmaps and lets go of lock and doorbell, in that order.
func (g *Guest) abandon() error {
	err := g.seg.close()
	if g.bell != nil {
		err = errors.Join(err, g.bell.close())
	}
	return err
}

// checkPlace tests that this guest's entry exists and lies as the layout says, and
// that the host still serves.
func (g *Guest) checkPlace() error {
	if g.id < 1 || g.id > g.seg.lay.MaxGuests {
		return &BoundError{"guest", "peer id", g.id, fmt.Sprintf("must be 1 to max_guests, which is %d", g.seg.lay.MaxGuests)}
	}
	if g.seg.hostLeaving() {
		return ErrHostLeaving
	}
	return g.seg.checkEntry(g.id)
}

// beat writes the heartbeat, if the segment has one.
func (g *Guest) beat() {
	if g.seg.lay.HeartbeatInterval > 0 {
		atomic.StoreUint64(g.seg.beat(g.id), monotonic())
	}
}

// openPath opens a segment by name, for a guest.
func openPath(path string) (*segment, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrNoHost, err)
	}
	if err != nil {
		return nil, err
	}
	return openSegment(file)
}
