package stream

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

// finishWait bounds how long a closed connection waits for the peer to close as well.
const finishWait = time.Second

// Close writes what was committed, as far as ctx and the peer allow, and closes the
// byte stream. It blocks until then or until ctx ends; then the stream is closed all
// the same. Called again, or at once, it waits for the first call and gives its error.
func (c *Conn) Close(ctx context.Context) error {
	if c.closing.CompareAndSwap(false, true) {
		c.closeErr = c.shut(ctx)
		close(c.closed)
	}
	select {
	case <-c.closed:
		return c.closeErr
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Conn) shut(ctx context.Context) error {
	peerEnded := c.stop()
	c.out.close()
	c.Notify()
	err := c.out.wait(ctx)
	if left := c.out.left(); err != nil && left > 0 {
		err = fmt.Errorf("stream: close: %d bytes were not sent: %w", left, err)
	}
	if err == nil && !peerEnded {
		c.finish(ctx)
	}
	if closeErr := c.closeStream(ctx); err == nil && closeErr != nil {
		err = fmt.Errorf("stream: close: %w", closeErr)
	}
	c.out.fail(ErrClosed)
	c.callWake()
	return err
}

// stop ends receiving, and says whether the stream was at its end before.
func (c *Conn) stop() (ended bool) {
	c.in.mu.Lock()
	ended = c.in.err != nil && !isFault(c.in.err)
	c.in.discard()
	c.in.fail(ErrClosed)
	c.in.mu.Unlock()
	c.Interrupt()
	c.sleepMu.Lock()
	defer c.sleepMu.Unlock()
	if c.lastWords != nil {
		c.lastWords.Stop()
	}
	return ended
}

// finish lets the peer read what was sent last before the stream is closed: a TCP
// socket closed with bytes unread resets the connection, and what the peer has not
// read yet, a Goodbye above all, may be lost. So what still comes is dropped until
// the peer closes as well. A Unix socket loses nothing.
func (c *Conn) finish(ctx context.Context) {
	half, ok := c.rw.(interface{ CloseWrite() error })
	if _, local := c.rw.(*net.UnixConn); local || !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, finishWait)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		// A Wait that was under way is off the socket then, and its deadline too.
		c.sleeping.Lock()
		err := half.CloseWrite()
		c.sleeping.Unlock()
		switch {
		case err != nil:
		case c.raw != nil:
			_, _ = io.Copy(io.Discard, c.rw)
		default:
			<-c.readDone
		}
	}()
	select {
	case <-done:
	case <-ctx.Done(): // closing the stream ends it
	}
}

// closeStream closes rw, which for some streams may block.
func (c *Conn) closeStream(ctx context.Context) error {
	if c.raw != nil {
		return c.rw.Close()
	}
	done := make(chan error, 1)
	go func() { done <- c.rw.Close() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
