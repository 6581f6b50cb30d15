package stream

import (
	"fmt"
	"time"

	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// notifyWrites bounds how many writes one Notify makes itself while others keep
// committing.
const notifyWrites = 4

// lastWordsWait bounds how long the connection still receives after a write failed:
// what the peer said before it closed, its Goodbye above all, is there or on its way.
const lastWordsWait = time.Second

// SendUnder needs nothing of the lock: what is committed has one of its own.
func (c *Conn) SendUnder(transport.SendLock) {}

// Stage encodes m behind what is committed. Errors: ErrNoSpace, else the end. A fault
// of the peer is none here: the Goodbye that answers it is still to be sent.
func (c *Conn) Stage(m *wire.Message) error {
	if err := c.in.ended(); err != nil && !isFault(err) {
		return err
	}
	err := c.out.stage(m)
	if err == transport.ErrNoSpace && c.out.begin() {
		go c.write() // room comes only from writing, and Notify may not have been called yet
	}
	return err
}

// Commit makes the staged frame visible to whoever writes.
func (c *Conn) Commit() { c.out.commit() }

// Abort forgets the staged frame.
func (c *Conn) Abort() { c.out.abort() }

// Notify writes what was committed as far as that does not block, and leaves the rest
// to a goroutine.
func (c *Conn) Notify() {
	if !c.out.begin() {
		return
	}
	if c.raw == nil {
		go c.write()
		return
	}
	for range notifyWrites {
		p := c.out.next()
		if p == nil {
			return
		}
		n, err := c.raw.write(p)
		c.wrote(n, err)
		if err != nil {
			return
		}
		if n < len(p) {
			break
		}
	}
	go c.write()
}

// write writes until nothing is left. It runs only while there is something.
func (c *Conn) write() {
	for {
		p := c.out.next()
		if p == nil {
			return
		}
		n, err := c.rw.Write(p)
		if err == nil && n < len(p) {
			err = fmt.Errorf("%d of %d bytes were written", n, len(p))
		}
		c.wrote(n, err)
	}
}

// wrote accounts for a write and wakes those who wait for room: when at most half of
// it is taken, and at each step after that, since a large frame needs it all.
func (c *Conn) wrote(n int, err error) {
	if err != nil {
		c.out.fail(fmt.Errorf("stream: write: %w", err))
		c.startLastWords()
	}
	left := c.out.wrote(max(n, 0))
	if c.wanted(transport.Space) && (left <= outBound/2 || err != nil) {
		c.callWake()
	}
}

// startLastWords bounds how long the connection lives on when only reading works.
func (c *Conn) startLastWords() {
	c.sleepMu.Lock()
	defer c.sleepMu.Unlock()
	if c.lastWords == nil {
		c.lastWords = time.AfterFunc(lastWordsWait, func() { c.fail(c.out.failure()) })
	}
}
