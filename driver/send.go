package driver

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// committer is what an application sends: the core decides on it in one step with
// publishing.
type committer interface {
	// ready makes the message ready to be staged. An error means that it is not sent.
	ready(*core.Core) error
	// commit decides. false without an error means that something ran out meanwhile.
	commit(*core.Core) (bool, error)
}

// slotTick bounds a sleep for a slot: a pool may be refilled without a wake-up.
const slotTick = 10 * time.Millisecond

// polls is how often a sender without room looks again, receiving meanwhile, before
// it sleeps.
const polls = 32

// publish sends m when op commits to it, waiting for room. It returns what op
// returned, ctx's error, or the connection's; m is published only with true.
func (c *conn) publish(ctx context.Context, m *wire.Message, op committer) (bool, error) {
	ok, lack, err := c.tryPublish(m, op)
	for round := 0; lack != nil && round < polls; round++ {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		c.pollOnce()
		ok, lack, err = c.tryPublish(m, op)
	}
	if lack != nil {
		return c.publishBlocked(ctx, m, op)
	}
	return ok, c.reason(ctx, err)
}

// tryPublish is publish without waiting: lack says what room is missing.
func (c *conn) tryPublish(m *wire.Message, op committer) (ok bool, lack, err error) {
	c.turn.Lock()
	if lack, err = c.drain(); lack == nil && err == nil {
		ok, lack, err = c.stage(m, op)
	}
	c.turn.Unlock()
	c.tr.Notify() // also when only queued messages went out
	c.flush()
	return ok, lack, err
}

// broken is an error of the transport: the connection is over, though messages may
// still lie there to be received.
type broken struct{ error }

func (b broken) Unwrap() error { return b.error }

// reason waits, for a transport's error, until what still lay there was received and
// the connection has ended, and gives the connection's error; other errors it returns
// as they are.
func (c *conn) reason(ctx context.Context, err error) error {
	if _, ok := err.(broken); !ok {
		return err
	}
	if err := c.awaitEnd(ctx); err != nil {
		return err
	}
	return c.err()
}

// stage makes room for m and commits to it. The caller has the turn.
func (c *conn) stage(m *wire.Message, op committer) (ok bool, lack, err error) {
	if err := op.ready(c.core); err != nil {
		return false, nil, err
	}
	for {
		if err := c.write(m, op); err != nil {
			lack, err = lacking(err)
			return false, lack, err
		}
		if c.core.NextOut() == nil {
			ok, err = c.commit(op)
			return ok, nil, err
		}
		c.tr.Abort() // what the core decided on meanwhile goes first
		if lack, err := c.drain(); lack != nil || err != nil {
			return false, lack, err
		}
	}
}

// brief is the most of a message that is copied while the connection's lock is held, bytes:
// about as much as is copied in the time that it takes to give the lock up and take it again.
const brief = 4 << 10

// write stages m, of op or with nil of the core. The caller has the turn.
func (c *conn) write(m *wire.Message, op committer) error {
	if len(m.Metadata)+m.PayloadSize() <= brief {
		return c.stageFor(m, op)
	}
	return c.turn.without(func() error { return c.stageFor(m, op) })
}

// lacking tells missing room from a broken transport.
func lacking(err error) (lack, failed error) {
	if errors.Is(err, transport.ErrNoSpace) || errors.Is(err, transport.ErrNoSlot) {
		return err, nil
	}
	return nil, broken{err}
}

// commit publishes what is staged when op decides so. The caller has the turn.
func (c *conn) commit(op committer) (bool, error) {
	ok, err := op.commit(c.core)
	if ok && err == nil {
		c.tr.Commit()
		return true, nil
	}
	if e := c.core.Err(); e != nil {
		err = e
	}
	c.tr.Abort()
	return false, err
}

// publishBlocked is publish for a sender that has to sleep for room.
func (c *conn) publishBlocked(ctx context.Context, m *wire.Message, op committer) (ok bool, err error) {
	var lack error
	tried := false
	w := newWaiter(func() bool {
		if !tried {
			ok, lack, err = c.tryPublish(m, op)
			tried = true
		}
		return lack == nil
	})
	w.every = slotTick
	for {
		// await looks once more after it armed the wait, and only then sleeps.
		tried = false
		w.kind = transport.Space
		if errors.Is(lack, transport.ErrNoSlot) {
			w.kind = transport.Slot
		}
		c.sleep(ctx, w, false, false)
		if lack == nil {
			return ok, c.reason(ctx, err)
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if err := c.err(); err != nil {
			return false, err
		}
	}
}

// pollOnce receives what is there, when nobody else does, and lets others run.
func (c *conn) pollOnce() {
	if c.tryRole() {
		c.receive()
		c.stepDown(nil)
	}
	runtime.Gosched()
}

// flush sends what the core queued, as far as there is room; it never waits. While
// room is missing, lookAround calls it again. The wait for room changes only in one's
// turn, and a flush that finds another goroutine away in its turn leaves word with that
// one, so that no wake-up falls between the two (internal/model, Flush).
func (c *conn) flush() {
	if !c.core.Queued() && !c.outWait.armed.Load() {
		return
	}
	c.mu.Lock()
	if !c.turn.take() {
		c.outWait.wanted = true
		c.mu.Unlock()
		return // whoever has it flushes when it is through
	}
	for again := true; again; again = c.outWait.wanted {
		c.outWait.wanted = false
		lack, _ := c.drain() // after an error whoever receives finds the end, after what came before it
		if lack != nil && c.outWait.arm(c.tr) {
			c.callDuty()        // to hear of it
			lack, _ = c.drain() // armed just now: look once more
		}
		if lack == nil {
			c.outWait.disarm(c.tr)
		}
	}
	c.turn.Unlock()
	c.tr.Notify()
}

// drain sends queued messages in order until none is left or room is missing. The
// caller has the turn.
func (c *conn) drain() (lack, err error) {
	for out := c.core.NextOut(); out != nil; out = c.core.NextOut() {
		if err := c.write(&out.Message, nil); err != nil {
			return lacking(err)
		}
		if c.core.CommitOut(out) { // it may have changed its mind meanwhile
			c.tr.Commit()
			c.core.Published(out)
		} else {
			c.tr.Abort()
		}
	}
	return nil, nil
}
