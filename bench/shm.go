package main

import (
	"context"
	"errors"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/shmring"
)

// The bounds of a connection, over shared memory and over a socket alike: a call of 1
// MiB, with what is encoded around it, fits one message.
const (
	slotSize      = largePayload + 4096
	slots         = 8
	maxPayload    = slotSize - 8
	initialCredit = 1 << 20
)

// shmClient is a host with one guest.
type shmClient struct {
	connection
	host *shmring.Host
	peer *shmring.Peer
}

// startShm makes a segment and spawns the guest.
func startShm() (client, error) {
	host, err := shmring.Create(shmring.Config{
		MaxGuests: 1, SlotSize: slotSize, SlotsPerGuest: slots, MaxPayload: maxPayload, InitialCredit: initialCredit,
	})
	if err != nil {
		return nil, err
	}
	c := &shmClient{host: host}
	if err := c.spawn(); err != nil {
		return nil, errors.Join(err, host.Close())
	}
	return c, nil
}

func (c *shmClient) spawn() error {
	cmd, err := guestCommand(sharedMemory)
	if err != nil {
		return err
	}
	if c.peer, err = c.host.Spawn(cmd); err != nil {
		return err
	}
	handle, drv, err := driver.EstablishHostPeer(c.host, c.peer.ID(), roam.NoService)
	if err != nil {
		return err
	}
	c.run(handle, drv)
	return nil
}

// close says goodbye to the guest, which leaves in order.
func (c *shmClient) close() error { return errors.Join(c.host.Close(), <-c.ran, c.peer.Wait()) }

// connection is a roam connection whose driver runs.
type connection struct {
	handle *driver.Handle
	ran    chan error
}

func (c *connection) run(handle *driver.Handle, drv *driver.Driver) {
	c.handle, c.ran = handle, make(chan error, 1)
	go func() { c.ran <- drv.Run(context.Background()) }()
}

func (c *connection) operations(bc benchCase) []operation { return roamOperations(c.handle, bc) }
