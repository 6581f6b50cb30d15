package driver

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/roam-rpc/roam-go/flow"
	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/internal/shmlink"
	"github.com/roam-rpc/roam-go/internal/stream"
	"github.com/roam-rpc/roam-go/shmring"

	roam "github.com/roam-rpc/roam-go"
)

// Role is the side of a byte-stream connection.
type Role = handshake.Role

// The two sides of a connection. The side that dialled is the Initiator.
const (
	Initiator = handshake.Initiator
	Acceptor  = handshake.Acceptor
)

// EstablishGuest makes the connection of a guest to its host. It does not block. The
// guest is the connection's from then on: it is closed with it. That the host has left
// meanwhile, and why, is for Run to say, as at any other time.
func EstablishGuest(guest *shmring.Guest, d roam.Dispatcher, opts ...Option) (*Handle, *Driver, error) {
	return establishLink(guest.Link(), handshake.Initiator, d, makeOptions(opts))
}

// EstablishHostPeer makes the host's connection to one attached guest. It does not
// block. Make one connection a guest.
func EstablishHostPeer(host *shmring.Host, peer uint32, d roam.Dispatcher, opts ...Option) (*Handle, *Driver, error) {
	p := host.Peer(peer)
	if p == nil {
		return nil, nil, fmt.Errorf("establish host peer: no guest is attached as peer %d", peer)
	}
	return establishLink(p.Link(), handshake.Acceptor, d, makeOptions(opts))
}

func establishLink(l *shmring.Link, role Role, d roam.Dispatcher, o options) (*Handle, *Driver, error) {
	n, err := handshake.Segment(shmlink.Header(l), role).Negotiate(context.Background())
	if err != nil {
		return nil, nil, err
	}
	foreign := !l.PeerHasTable()
	var f flow.Provider
	if foreign {
		f = flow.NewForeign(role.Parity(), n.InitialCredit, o.buffered)
	} else {
		f = flow.NewTable(l, role.Parity(), n.InitialCredit, n.MaxChannels)
	}
	tr := shmlink.New(l)
	c := newConn(tr, core.Config{Limits: n, Flow: f, StrictInFlight: !foreign, AnyPeerID: foreign, Withhold: true}, d, o)
	c.sizeOf, c.budget, c.bell.Wake = shmlink.Size, foreign, tr.WakeNap
	return &Handle{c}, &Driver{c}, nil
}

// EstablishStream exchanges Hello over a byte stream and makes a connection of it.
// It blocks until the peer's Hello came or ctx ends. rw is the connection's from then
// on, also after an error: it is closed with it.
func EstablishStream(ctx context.Context, rw io.ReadWriteCloser, role Role, d roam.Dispatcher, opts ...Option) (*Handle, *Driver, error) {
	o := makeOptions(opts)
	s := stream.New(rw, handshakeFrame)
	n, err := handshake.Exchange(s, role, o.limits).Negotiate(ctx)
	if err != nil {
		closing, cancel := context.WithTimeout(context.Background(), closeWait)
		defer cancel()
		return nil, nil, errors.Join(fmt.Errorf("establish stream: %w", err), s.Close(closing))
	}
	s.SetLimits(n.MaxPayload)
	f := flow.NewMessages(role.Parity(), n.InitialCredit)
	c := newConn(s, core.Config{Limits: n, Flow: f, Withhold: true}, d, o)
	return &Handle{c}, &Driver{c}, nil
}

// handshakeFrame bounds a frame before both Hellos have passed, bytes: a Goodbye with
// a long reason is the largest.
const handshakeFrame = 64 << 10
