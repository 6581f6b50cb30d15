//go:build unix

package stream

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// rawSocket reads from and writes to a socket without ever blocking, beside the
// runtime's poller, which alone sleeps on it. Go's sockets are in non-blocking mode.
type rawSocket struct {
	conn interface {
		net.Conn
		syscall.Conn
	}
	fd syscall.RawConn

	// onReadable is asked by sleep whether to go on sleeping.
	onReadable func() (done bool)
	wake       func(uintptr) bool // onReadable as the poller wants it

	// The functions for Control are made once, with their arguments and results here.
	read  attempt // guarded by the input's mu
	wrote attempt // of whoever writes
}

// attempt is one system call under Control, which keeps the descriptor open so long.
type attempt struct {
	call func(fd uintptr)
	p    []byte
	n    int
	err  error
}

// newRawSocket gives nil when rw is not a stream socket of package net. A type around
// one is not taken for it: its Read and Write may do more.
func newRawSocket(rw io.ReadWriteCloser) *rawSocket {
	s := &rawSocket{}
	switch conn := rw.(type) {
	case *net.TCPConn:
		s.conn = conn
	case *net.UnixConn:
		if conn.LocalAddr().Network() != "unix" {
			return nil
		}
		s.conn = conn
	default:
		return nil
	}
	fd, err := s.conn.SyscallConn()
	if err != nil {
		return nil
	}
	// A deadline that was left set would end every sleep.
	if err := s.conn.SetDeadline(time.Time{}); err != nil {
		return nil
	}
	s.fd = fd
	s.read.call = func(fd uintptr) { s.read.n, s.read.err = syscall.Read(int(fd), s.read.p) }
	s.wrote.call = func(fd uintptr) { s.wrote.n, s.wrote.err = syscall.Write(int(fd), s.wrote.p) }
	s.wake = func(uintptr) bool { return s.onReadable() }
	return s
}

// try makes the attempt with p. wouldBlock: nothing could be done now.
func (a *attempt) try(fd syscall.RawConn, p []byte) (n int, wouldBlock bool, err error) {
	a.p = p
	defer func() { a.p = nil }()
	for {
		if err := fd.Control(a.call); err != nil {
			return 0, false, err // closed by this side
		}
		switch a.err {
		case nil:
			return a.n, false, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, true, nil
		default:
			return 0, false, a.err
		}
	}
}

// write writes as much of p as the socket takes at once.
func (s *rawSocket) write(p []byte) (int, error) {
	n, _, err := s.wrote.try(s.fd, p)
	return n, err
}

// fill reads once into in, as much as there is room for and the socket has. The
// caller holds in's mu.
func (s *rawSocket) fill(in *input) fillResult {
	if in.err != nil {
		return filledUp
	}
	room := in.room()
	if len(room) == 0 {
		return filledUp
	}
	n, wouldBlock, err := s.read.try(s.fd, room)
	switch {
	case wouldBlock:
		return filledNone
	case err == nil && n == 0:
		err = io.EOF
	}
	if err != nil {
		in.fail(readEnd(err, in.partial()))
		return filledUp
	}
	in.filled(n)
	return filledSome
}

// sleep sleeps until onReadable, asked at first and whenever bytes came, says done,
// or breakSleep. The error is that of a closed socket.
func (s *rawSocket) sleep() error {
	err := s.fd.Read(s.wake)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

// breakSleep ends a sleep, and the next until mend.
func (s *rawSocket) breakSleep() { _ = s.conn.SetReadDeadline(time.Unix(1, 0)) }

// mend undoes breakSleep.
func (s *rawSocket) mend() { _ = s.conn.SetReadDeadline(time.Time{}) }
