package main

import (
	"errors"
	"net"
	"sync"
)

// serveUntilClosed lets a server that wants a listener serve connections that are
// there, until the host has closed every one of them.
func serveUntilClosed(conns []net.Conn, serve func(net.Listener) error) error {
	l := &listener{addr: conns[0].LocalAddr(), conns: make(chan net.Conn, len(conns)), closed: make(chan struct{})}
	l.open.Add(len(conns))
	for _, conn := range conns {
		l.conns <- &watchedConn{Conn: conn, closed: sync.OnceFunc(l.open.Done)}
	}
	go func() {
		l.open.Wait()
		_ = l.Close() // never fails
	}()
	if err := serve(l); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// listener accepts connections that were made before.
type listener struct {
	addr   net.Addr
	conns  chan net.Conn
	open   sync.WaitGroup // connections
	closed chan struct{}
	once   sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return l.addr }

// watchedConn tells when it was closed.
type watchedConn struct {
	net.Conn
	closed func()
}

func (c *watchedConn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}
