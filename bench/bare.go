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

// A request on a bare socket starts with a block of smallPayload bytes: what is asked
// for, how many bytes there are in all, and in writes of which size. It is part of the
// bytes that are echoed.
const (
	askEcho = iota // the message, of so many bytes in all, comes back
	askTake        // so many bytes follow; a block comes back after the last
	askGive        // so many bytes come back
)

func putBlock(b []byte, ask byte, total, size int) {
	b[0] = ask
	binary.LittleEndian.PutUint64(b[8:], uint64(total))
	binary.LittleEndian.PutUint64(b[16:], uint64(size))
}

func readBlock(b []byte) (ask byte, total, size int) {
	return b[0], int(binary.LittleEndian.Uint64(b[8:])), int(binary.LittleEndian.Uint64(b[16:]))
}

// bareClient is a guest at the other end of sockets, one a caller.
type bareClient struct{ *socketGuest }

func startBare() (client, error) {
	guest, err := startSocketGuest(bareSocket, maxCallers)
	return &bareClient{guest}, err
}

func (c *bareClient) close() error { return c.leave() }

func (c *bareClient) caller(i int) caller {
	up := &bareCaller{conn: c.conns[i]}
	down := &bareCaller{conn: c.conns[(i+1)%len(c.conns)]} // of its own: both may stream at once
	return caller{echo: up.echo, up: up.give, down: down.take}
}

// bareCaller is one connection.
type bareCaller struct {
	conn net.Conn
	buf  []byte
}

func (s *bareCaller) echo(_ context.Context, data []byte) ([]byte, error) {
	putBlock(data, askEcho, len(data), len(data))
	if _, err := s.conn.Write(data); err != nil {
		return nil, err
	}
	_, err := io.ReadFull(s.conn, data)
	return data, err
}

func (s *bareCaller) give(_ context.Context, item []byte, items int) (uint64, error) {
	total := len(item) * items
	if err := s.ask(askTake, total, len(item)); err != nil {
		return 0, err
	}
	if err := writeItems(s.conn, item, total); err != nil {
		return 0, err
	}
	_, err := io.ReadFull(s.conn, s.buf[:smallPayload])
	return uint64(total), err
}

func (s *bareCaller) take(_ context.Context, size, items int) (uint64, error) {
	if err := s.ask(askGive, size*items, size); err != nil {
		return 0, err
	}
	return uint64(size * items), readItems(s.conn, s.buf, size*items)
}

func (s *bareCaller) ask(ask byte, total, size int) error {
	if s.buf == nil {
		s.buf = make([]byte, largeItem)
	}
	putBlock(s.buf, ask, total, size)
	_, err := s.conn.Write(s.buf[:smallPayload])
	return err
}

// writeItems makes a write of each item: that is what an item is here.
func writeItems(conn net.Conn, item []byte, total int) error {
	for ; total > 0; total -= len(item) {
		if _, err := conn.Write(item[:min(total, len(item))]); err != nil {
			return err
		}
	}
	return nil
}

// readItems reads as many at a time as are there.
func readItems(conn net.Conn, buf []byte, total int) error {
	for total > 0 {
		n, err := conn.Read(buf[:min(total, len(buf))])
		if err != nil {
			return err
		}
		total -= n
	}
	return nil
}

// serveBare answers on every connection until the host closes them.
func serveBare(conns []net.Conn) error {
	return eachConn(conns, answer)
}

// eachConn serves all connections at once, until each has ended.
func eachConn(conns []net.Conn, serve func(net.Conn) error) error {
	errs := make([]error, len(conns))
	var all sync.WaitGroup
	for i, conn := range conns {
		all.Go(func() { errs[i] = serve(conn) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func answer(conn net.Conn) error {
	buf := make([]byte, smallPayload, largeItem)
	for {
		if _, err := io.ReadFull(conn, buf); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		ask, total, size := readBlock(buf)
		if ask == askEcho && cap(buf) < total {
			buf = append(make([]byte, 0, total), buf...)
		}
		if err := answerOne(conn, buf[:cap(buf)], ask, total, size); err != nil {
			return err
		}
	}
}

func answerOne(conn net.Conn, buf []byte, ask byte, total, size int) error {
	switch ask {
	case askEcho:
		if _, err := io.ReadFull(conn, buf[smallPayload:total]); err != nil {
			return err
		}
		_, err := conn.Write(buf[:total])
		return err
	case askTake:
		if err := readItems(conn, buf, total); err != nil {
			return err
		}
		_, err := conn.Write(buf[:smallPayload])
		return err
	case askGive:
		return writeItems(conn, buf[:size], total)
	}
	return fmt.Errorf("bare socket: unknown request %d", ask)
}
