package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// The bare socket's messages start with a block of smallPayload bytes: what is asked
// for and how many bytes there are. It is part of the bytes that are echoed.
const (
	askEcho = iota // the message, of so many bytes in all, comes back
	askTake        // so many bytes follow; a block comes back after the last
	askGive        // so many bytes come back
)

func putBlock(b []byte, ask byte, n int) {
	b[0] = ask
	binary.LittleEndian.PutUint64(b[8:], uint64(n))
}

// bareClient is a guest at the other end of sockets, one a caller.
type bareClient struct{ guest *socketGuest }

func startBare() (client, error) {
	guest, err := startSocketGuest(bareSocket, maxCallers)
	if err != nil {
		return nil, err
	}
	return &bareClient{guest}, nil
}

func (c *bareClient) close() error { return errors.Join(c.guest.hangUp(), <-c.guest.exited) }

func (c *bareClient) operations(bc benchCase) []operation {
	ops := make([]operation, bc.callers)
	for i := range ops {
		s := &bareCaller{conn: c.guest.conns[i], buf: make([]byte, bc.payload), items: bc.items}
		switch bc.method {
		case callAdd, callBytes:
			ops[i] = s.echo
		case streamUp:
			ops[i] = s.give
		case streamDn:
			ops[i] = s.take
		}
	}
	return ops
}

// bareCaller is one caller with its connection.
type bareCaller struct {
	conn  net.Conn
	buf   []byte // a message, or an item
	items int
}

func (s *bareCaller) echo(context.Context) error {
	putBlock(s.buf, askEcho, len(s.buf))
	if _, err := s.conn.Write(s.buf); err != nil {
		return err
	}
	_, err := io.ReadFull(s.conn, s.buf)
	return err
}

func (s *bareCaller) give(context.Context) error {
	if err := s.ask(askTake); err != nil {
		return err
	}
	for range s.items {
		if _, err := s.conn.Write(s.buf); err != nil {
			return err
		}
	}
	_, err := io.ReadFull(s.conn, s.buf[:smallPayload])
	return err
}

func (s *bareCaller) take(context.Context) error {
	if err := s.ask(askGive); err != nil {
		return err
	}
	for range s.items {
		if _, err := io.ReadFull(s.conn, s.buf); err != nil {
			return err
		}
	}
	return nil
}

func (s *bareCaller) ask(ask byte) error {
	putBlock(s.buf, ask, s.items*len(s.buf))
	_, err := s.conn.Write(s.buf[:smallPayload])
	return err
}

// serveBare answers on every connection until the host closes them.
func serveBare(conns []net.Conn) error {
	errs := make([]error, len(conns))
	var all sync.WaitGroup
	for i, conn := range conns {
		all.Go(func() { errs[i] = answer(conn) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func answer(conn net.Conn) error {
	buf := make([]byte, largePayload)
	for {
		if _, err := io.ReadFull(conn, buf[:smallPayload]); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		n := binary.LittleEndian.Uint64(buf[8:])
		if err := answerOne(conn, buf, buf[0], int(n)); err != nil {
			return err
		}
	}
}

func answerOne(conn net.Conn, buf []byte, ask byte, n int) error {
	switch ask {
	case askEcho:
		if _, err := io.ReadFull(conn, buf[smallPayload:n]); err != nil {
			return err
		}
		_, err := conn.Write(buf[:n])
		return err
	case askTake:
		for n > 0 {
			got, err := conn.Read(buf[:min(n, itemSize)])
			if err != nil {
				return err
			}
			n -= got
		}
		_, err := conn.Write(buf[:smallPayload])
		return err
	case askGive:
		for ; n > 0; n -= itemSize {
			if _, err := conn.Write(buf[:min(n, itemSize)]); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("bare socket: unknown request %d", ask)
}
