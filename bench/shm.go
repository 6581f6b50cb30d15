package main

import (
	"context"
	"errors"
	"os"
	"os/exec"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/shmring"
)

// The bounds of a connection, over shared memory and over a socket alike: a call of 1
// MiB, with what is encoded around it, fits one message.
const (
	slotSize      = largePayload + 4096
	slots         = 320 // for every caller's payload at once
	maxPayload    = slotSize - 8
	initialCredit = 4 << 20
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
	if c.peer, err = c.connection.spawn(host, service()); err != nil {
		return nil, errors.Join(err, host.Close())
	}
	return c, nil
}

// close says goodbye to the guest, which leaves in order.
func (c *shmClient) close() error { return errors.Join(c.host.Close(), <-c.ran, c.peer.Wait()) }

// connection is a roam connection whose driver runs.
type connection struct {
	handle *driver.Handle
	ran    chan error
}

// spawn starts a guest and connects to it.
func (c *connection) spawn(host *shmring.Host, d roam.Dispatcher) (*shmring.Peer, error) {
	cmd, err := guestCommand(sharedMemory)
	if err != nil {
		return nil, err
	}
	if path := os.Getenv(guestInC); path != "" {
		cmd = &exec.Cmd{Path: path, Args: []string{path}, Stderr: os.Stderr}
	}
	peer, err := host.Spawn(cmd)
	if err != nil {
		return nil, err
	}
	handle, drv, err := driver.EstablishHostPeer(host, peer.ID(), d)
	if err != nil {
		return nil, err
	}
	c.run(handle, drv)
	return peer, nil
}

func (c *connection) run(handle *driver.Handle, drv *driver.Driver) {
	c.handle, c.ran = handle, make(chan error, 1)
	go func() { c.ran <- drv.Run(context.Background()) }()
}

func (c *connection) caller(int) caller { return roamCaller(c.handle) }
