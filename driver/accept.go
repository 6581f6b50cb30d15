package driver

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/roam-rpc/roam-go/shmring"

	roam "github.com/roam-rpc/roam-go"
)

// handshakeWait bounds how long an accepted stream may take for its Hello.
const handshakeWait = 10 * time.Second

// acceptPause is how long to wait after a failed accept, such as for want of file
// descriptors.
const acceptPause = 50 * time.Millisecond

// Serve accepts byte-stream connections from l and runs each with d, until ctx ends
// or l fails. It closes l, ends the connections and waits for them. connected, if not
// nil, is given the handle of each new connection before it is run; it must not block.
func Serve(ctx context.Context, l net.Listener, d roam.Dispatcher, connected func(*Handle), opts ...Option) error {
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		rw, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = rw.Close()
			}
			return ctx.Err()
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			makeOptions(opts).logger.Warn("roam: accept", "error", err)
			pause(ctx)
			continue
		}
		running.Go(func() { serveStream(ctx, rw, d, connected, opts) })
	}
}

func pause(ctx context.Context) {
	t := time.NewTimer(acceptPause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func serveStream(ctx context.Context, rw net.Conn, d roam.Dispatcher, connected func(*Handle), opts []Option) {
	log := makeOptions(opts).logger
	hello, cancel := context.WithTimeout(ctx, handshakeWait)
	defer cancel()
	handle, drv, err := EstablishStream(hello, rw, Acceptor, d, opts...)
	if err != nil {
		log.Warn("roam: connection refused", "peer", rw.RemoteAddr(), "error", err)
		return
	}
	if connected != nil {
		connected(handle)
	}
	if err := drv.Run(ctx); err != nil && ctx.Err() == nil {
		log.Warn("roam: connection ended", "peer", rw.RemoteAddr(), "error", err)
	}
}

// ServeHost accepts guests that join a shared-memory host, by socket or by path, and
// runs each with d, until ctx ends or the host is closed. It ends their connections
// and waits for them; the host stays. connected is as for [Serve].
func ServeHost(ctx context.Context, host *shmring.Host, d roam.Dispatcher, connected func(uint32, *Handle), opts ...Option) error {
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for {
		peer, err := host.Accept(ctx)
		if err != nil {
			return err
		}
		running.Go(func() { servePeer(ctx, peer, d, connected, opts) })
	}
}

func servePeer(ctx context.Context, peer *shmring.Peer, d roam.Dispatcher, connected func(uint32, *Handle), opts []Option) {
	log := makeOptions(opts).logger
	handle, drv, err := establishLink(peer.Link(), Acceptor, d, makeOptions(opts))
	if err != nil {
		log.Warn("roam: guest left at once", "peer", peer.ID(), "error", err)
		return
	}
	if connected != nil {
		connected(peer.ID(), handle)
	}
	if err := drv.Run(ctx); err != nil && ctx.Err() == nil {
		log.Warn("roam: guest's connection ended", "peer", peer.ID(), "error", err)
	}
}
