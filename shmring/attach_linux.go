package shmring

import (
	"errors"
	"fmt"
	"os"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// AttachArgs attaches the process that a host's Spawn started, by the ticket among its
// arguments (os.Args[1:]; others are left alone) or in its environment. The doorbell
// descriptor is taken over. Errors: [ErrNoTicket] when the process was not spawned,
// *[BoundError] for a value that makes no sense, [ErrClaim] when the host has taken
// the entry back, [ErrNoHost], [ErrHostLeaving].
func AttachArgs(args []string) (*Guest, error) {
	t, err := parseTicket(args)
	if err != nil {
		return nil, fmt.Errorf("shmring: attach: %w", err)
	}
	g, err := attachTicket(t)
	if err != nil {
		return nil, fmt.Errorf("shmring: attach to %s as guest %d: %w", t.path, t.peer, err)
	}
	return g, nil
}

func attachTicket(t ticket) (*Guest, error) {
	bell, err := newDoorbell(t.doorbell) // first: it sets close-on-exec
	if err != nil {
		return nil, fmt.Errorf("argument %s: %w", argDoorbell, err)
	}
	seg, err := openPath(t.path)
	if err != nil {
		bell.close()
		return nil, err
	}
	g := &Guest{seg: seg, bell: bell, id: t.peer}
	parent, err := g.watchParent(t.path)
	if err == nil {
		err = g.claim(t)
	}
	if err != nil {
		if parent != nil {
			parent.close()
		}
		return nil, errors.Join(err, g.abandon())
	}
	g.start(false)
	g.keeper.watch(parent)
	return g, nil
}

// claim makes the entry that the host reserved ours: flags and heartbeat first, so
// that they stand there when the host sees it Attached.
func (g *Guest) claim(t ticket) error {
	if err := g.checkPlace(); err != nil {
		return err
	}
	w := g.seg.word(g.id)
	if w.state() != layout.StateReserved || t.hasEpoch && w.epoch() != t.epoch {
		return g.claimError(w, t)
	}
	g.seg.setGuestFlags(g.id)
	g.beat()
	if !g.seg.casWord(g.id, w, wordOf(layout.StateAttached, w.epoch())) {
		return g.claimError(g.seg.word(g.id), t)
	}
	return nil
}

func (g *Guest) claimError(w entryWord, t ticket) error {
	expected := "reserved"
	if t.hasEpoch {
		expected = wordOf(layout.StateReserved, t.epoch).String()
	}
	return fmt.Errorf("%w: entry %d is %v, expected %s", ErrClaim, g.id, w, expected)
}

// Attach walks up to the segment of a running host that has a path and takes any free
// entry. The entry of a guest that left by path is free again when the host has looked at
// it, which it does every 50 ms. Errors: [ErrNoHost] when there is no file or its host is
// gone, [ErrHubFull], [ErrHostLeaving], *[BoundError] for a file that is not a segment.
func Attach(path string) (*Guest, error) {
	g, err := attach(path)
	if err != nil {
		return nil, fmt.Errorf("shmring: attach to %s: %w", path, err)
	}
	return g, nil
}

func attach(path string) (*Guest, error) {
	seg, err := openPath(path)
	if err != nil {
		return nil, err
	}
	g := &Guest{seg: seg}
	keeps := seg.hostKeeps(1) // all entries of one host alike
	if keeps && !byteLocked(seg.file, 0) {
		err = fmt.Errorf("%w: nobody holds the host's lock on the segment", ErrNoHost)
	} else {
		err = g.takeEmpty()
	}
	if err != nil {
		return nil, errors.Join(err, seg.close())
	}
	g.start(keeps)
	return g, nil
}

// takeEmpty takes the first entry that is free, with its lock held before its state
// changes and for as long as the guest lives.
func (g *Guest) takeEmpty() error {
	for id := uint32(1); id <= g.seg.lay.MaxGuests; id++ {
		g.id = id
		if err := g.checkPlace(); err != nil {
			return err
		}
		if g.seg.word(id).state() != layout.StateEmpty {
			continue
		}
		if err := lockByte(g.seg.file, id); errors.Is(err, errLocked) {
			continue
		} else if err != nil {
			return err
		}
		if g.claimEmpty() {
			return nil
		}
		if err := unlockByte(g.seg.file, id); err != nil {
			return os.NewSyscallError("unlock", err)
		}
	}
	return fmt.Errorf("%w: all %d entries are in use", ErrHubFull, g.seg.lay.MaxGuests)
}

// claimEmpty goes (Empty, e) to (Reserved, e+1) to (Attached, e+1).
func (g *Guest) claimEmpty() bool {
	w := g.seg.word(g.id)
	reserved := wordOf(layout.StateReserved, w.epoch()+1)
	if w.state() != layout.StateEmpty || !g.seg.casWord(g.id, w, reserved) {
		return false
	}
	g.seg.setGuestFlags(g.id)
	g.beat()
	return g.seg.casWord(g.id, reserved, wordOf(layout.StateAttached, reserved.epoch()))
}
