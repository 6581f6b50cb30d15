package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
)

// socketGuests are guests that dial, each a socket of its own, so that the host knows
// which process speaks.
type socketGuests struct {
	dir      string // of the sockets, closed to other users
	children []*child
}

// child is a guest process that is being waited for.
type child struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has been waited for
}

// startUnix starts guests and accepts their connections. The guests are in Go: libroam
// is for shared memory.
func startUnix(ctx context.Context, guests []program) (*fleet, error) {
	dir, err := os.MkdirTemp("", "roam-files-")
	if err != nil {
		return nil, err
	}
	s := &socketGuests{dir: dir}
	f := &fleet{}
	f.release = func(ctx context.Context) error {
		for _, g := range f.guests {
			_ = g.handle.Close(ctx) // fails only with ctx, which release heeds
		}
		return s.release(ctx)
	}
	for _, p := range guests {
		if err := s.start(ctx, f, p); err != nil {
			return nil, f.closeAfter(fmt.Errorf("start guest %d: %w", len(f.guests)+1, err))
		}
	}
	return f, nil
}

func (s *socketGuests) start(ctx context.Context, f *fleet, p program) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	path := filepath.Join(s.dir, fmt.Sprint(len(s.children)+1))
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return err
	}
	defer listener.Close()
	cmd := p.command(argSocket + path)
	if err := cmd.Start(); err != nil {
		return err
	}
	c := &child{cmd: cmd, exited: make(chan struct{})}
	go c.wait()
	s.children = append(s.children, c)

	ctx, cancel := context.WithTimeout(ctx, attachTimeout)
	defer cancel()
	conn, err := c.accept(ctx, listener)
	if err != nil {
		return err
	}
	handle, drv, err := driver.EstablishStream(ctx, conn, driver.Acceptor, roam.NoService, driver.WithLogger(quiet))
	if err != nil {
		return err
	}
	f.add(p, cmd.Process.Pid, handle, drv)
	return nil
}

// accept waits for the guest to dial, until ctx or the guest ends.
func (c *child) accept(ctx context.Context, listener *net.UnixListener) (net.Conn, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-c.exited:
			cancel(fmt.Errorf("it ended before it connected: %v", c.cmd.ProcessState))
		case <-ctx.Done():
		}
		_ = listener.SetDeadline(time.Unix(1, 0)) // it is over: ends Accept
	}()
	conn, err := listener.Accept()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	cancel(nil)
	<-watched
	return conn, err
}

func (c *child) wait() {
	defer close(c.exited)
	_ = c.cmd.Wait() // how it ended stands in ProcessState
}

// release waits for the processes, which end with their connections, and kills those
// that have not ended with ctx.
func (s *socketGuests) release(ctx context.Context) error {
	var errs []error
	for _, c := range s.children {
		select {
		case <-c.exited:
		case <-ctx.Done():
			errs = append(errs, c.cmd.Process.Kill())
			<-c.exited
		}
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}
