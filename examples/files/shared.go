package main

import (
	"context"
	"fmt"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/shmring"
)

// slotsPerConnection is how many chunks may lie in the segment for each guest, on
// average. A guest copies them out as they come, so these are those of one batch.
const slotsPerConnection = 16

// segmentFor is the segment for that many guests. The default ring, slot and window
// sizes fit the work: an item is one slot, four of them fill a window, and few files a
// guest use few of the 256 channels. Only the pool differs: all that goes to the guests
// comes from the host's one pool, which therefore grows with their number. Every
// guest's pool has the same size, so it stops growing at 128 slots, 8 MiB; memory of
// slots that are never used is never touched.
func segmentFor(guests int) shmring.Config {
	return shmring.Config{
		MaxGuests:     uint32(guests),
		SlotsPerGuest: uint32(min(slotsPerConnection*(guests+1), 128)),
		AttachTimeout: attachTimeout,
		Logger:        quiet,
	}
}

// startShared makes a segment, and guests that are attached to it.
func startShared(ctx context.Context, guests []program) (*fleet, error) {
	host, err := shmring.Create(segmentFor(len(guests)))
	if err != nil {
		return nil, err
	}
	f := &fleet{release: host.Shutdown}
	defer context.AfterFunc(ctx, func() { _ = host.Close() })() // ends a Spawn that waits
	for _, p := range guests {
		if err := f.spawn(ctx, host, p); err != nil {
			return nil, f.closeAfter(fmt.Errorf("start guest %d: %w", len(f.guests)+1, err))
		}
	}
	return f, nil
}

func (f *fleet) spawn(ctx context.Context, host *shmring.Host, p program) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	peer, err := host.Spawn(p.command())
	if err != nil {
		return err
	}
	handle, drv, err := driver.EstablishHostPeer(host, peer.ID(), roam.NoService, driver.WithLogger(quiet))
	if err != nil {
		return err
	}
	f.add(p, peer.Pid(), handle, drv)
	return nil
}
