package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/handshake"
)

// socketGuest is a guest process that dialled this one.
type socketGuest struct {
	conns  []net.Conn
	exited chan error // how the process ended
}

// startSocketGuest starts a guest that dials n connections.
func startSocketGuest(transport string, n int) (*socketGuest, error) {
	dir, err := os.MkdirTemp("", "roam-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "socket")
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	cmd, err := guestCommand(transport, path, strconv.Itoa(n))
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	g := &socketGuest{exited: make(chan error, 1)}
	go func() {
		g.exited <- cmd.Wait()
		_ = listener.Close() // ends an Accept that waits for a guest that is gone
	}()
	for len(g.conns) < n {
		conn, err := listener.Accept()
		if err != nil {
			return nil, errors.Join(err, g.leave())
		}
		g.conns = append(g.conns, conn)
	}
	return g, nil
}

// leave hangs up and waits for the guest's end.
func (g *socketGuest) leave() error { return errors.Join(g.hangUp(), <-g.exited) }

func (g *socketGuest) hangUp() error {
	var errs []error
	for _, conn := range g.conns {
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}

// limits are what both sides of a roam connection over a socket offer.
var limits = driver.WithLimits(handshake.Limits{MaxPayload: maxPayload, InitialCredit: initialCredit})

// unixClient is a roam connection over a Unix socket.
type unixClient struct {
	connection
	guest *socketGuest
}

func startUnix() (client, error) {
	guest, err := startSocketGuest(unixSocket, 1)
	if err != nil {
		return nil, err
	}
	handle, drv, err := driver.EstablishStream(context.Background(), guest.conns[0], driver.Acceptor, service(), limits)
	if err != nil {
		return nil, errors.Join(err, <-guest.exited)
	}
	c := &unixClient{guest: guest}
	c.run(handle, drv)
	return c, nil
}

func (c *unixClient) close() error {
	return errors.Join(c.handle.Close(context.Background()), <-c.ran, <-c.guest.exited)
}

func serveUnix(conns []net.Conn) error {
	_, drv, err := driver.EstablishStream(context.Background(), conns[0], driver.Initiator, service(), limits)
	if err != nil {
		return err
	}
	return drv.Run(context.Background())
}
