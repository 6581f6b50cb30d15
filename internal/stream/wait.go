package stream

import (
	"io"

	"github.com/roam-rpc/roam-go/internal/transport"
)

// signal ends the part of Wait that sleeps on this process.
func (c *Conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Wait sleeps until a message came while Messages is armed, Interrupt, or the end.
// While nobody armed Messages somebody polls, and the socket is left to them.
func (c *Conn) Wait(bool) error {
	for {
		if err := c.in.ended(); err != nil {
			return asFault(err)
		}
		if c.interrupted.Swap(false) {
			return nil
		}
		wanted := c.wanted(transport.Messages)
		switch {
		case wanted && c.Pending():
			return nil
		case wanted && c.raw != nil:
			c.sleep()
		default:
			<-c.wake
		}
	}
}

// Interrupt makes a Wait return that is under way, or the next.
func (c *Conn) Interrupt() {
	c.sleepMu.Lock()
	c.interrupted.Store(true)
	if c.asleep && !c.broken {
		c.broken = true
		c.raw.breakSleep()
	}
	c.sleepMu.Unlock()
	c.signal()
}

// sleep sleeps on the socket until readable says so, or Interrupt.
func (c *Conn) sleep() {
	c.sleeping.Lock()
	defer c.sleeping.Unlock()
	c.sleepMu.Lock()
	if c.interrupted.Load() {
		c.sleepMu.Unlock()
		return
	}
	c.asleep = true
	c.sleepMu.Unlock()

	err := c.raw.sleep()

	c.sleepMu.Lock()
	// Set only while asleep holds, the deadline is never left behind.
	if c.broken {
		c.raw.mend()
	}
	c.asleep, c.broken = false, false
	c.sleepMu.Unlock()
	if err != nil {
		c.fail(readEnd(err, 0))
	}
}

// vainWakes is how often Wait lets messages for somebody who polls disturb its sleep
// on the socket before it leaves the socket. Leaving costs a wake-up when Messages is
// armed again, which a caller that makes one call after another does each time.
const vainWakes = 8

// readable is called by the goroutine that sleeps on the socket: at first, and when
// bytes came since it last found none. false: sleep on. Others read from the socket
// as well; they can take bytes away but not hide any, since each arrival wakes the
// sleeper anew and it sleeps only when it found nothing itself. Whoever arms Messages
// finds by Pending what it read before.
func (c *Conn) readable() bool {
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	for {
		wanted := c.wanted(transport.Messages)
		if c.interrupted.Load() || wanted && c.Pending() {
			return true
		}
		switch c.raw.fill(&c.in) {
		case filledUp:
			return true
		case filledNone:
			return !wanted && c.vain.Add(1) > vainWakes
		}
	}
}

// emptyReads is how often in a row a reader may give nothing without an error.
const emptyReads = 100

// readLoop feeds the input buffer where reading may block, until the stream ends;
// after the input's end it drops what comes.
func (c *Conn) readLoop() {
	defer close(c.readDone)
	buf := make([]byte, chunkSize)
	empty := 0
	for {
		n, err := c.rw.Read(buf)
		if empty++; n > 0 {
			empty = 0
		}
		if err == nil && empty == emptyReads {
			err = io.ErrNoProgress
		}
		c.put(buf[:max(n, 0)], err)
		c.signal()
		if err != nil {
			return
		}
	}
}

// put appends what was read, waiting for room, and ends the input with err.
func (c *Conn) put(p []byte, err error) {
	in := &c.in
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(p) > 0 && in.err == nil {
		n := copy(in.room(), p)
		if n == 0 {
			c.signal() // room comes from receiving
			in.space.Wait()
			continue
		}
		in.filled(n)
		p = p[n:]
	}
	if err != nil && in.err == nil {
		in.fail(readEnd(err, in.partial()))
	}
}
