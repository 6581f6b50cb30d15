package driver

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/internal/release"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// closeWait bounds how long the end of a connection may take to hand over what was
// committed and to say why.
const closeWait = time.Second

// conn is one connection. Locks are taken in the order park.mu, mu. role.mu is held over the
// transport's Arm and Disarm and over a call of Run that stands by; mu, beside the core, over what the transport does to send
// and to arm the wait for room, and over callDuty. None of these calls anything of this or
// another connection that takes a lock of it.
type conn struct {
	tr       transport.Transport
	dispatch roam.Dispatcher
	borrower roam.Borrower // dispatch, if it is one
	log      *slog.Logger
	sizeOf   func(*wire.Message) int // payload as the negotiated limit counts it
	budget   bool                    // the peer keeps no channel table: credit is never renewed

	mu   sync.Mutex // guards core; held for a step of it for each message of a batch, or to send a short one
	turn turn       // its holder stages and commits; never held across a wait
	core *core.Core

	role  role
	care  caretaker
	batch []transport.Arrival // of whoever holds the role
	fx    []core.Effect       // of whoever holds the role
	spin  spinner             // of whoever holds the role
	leads *waiter             // for whom the holder of the role receives, nil for all
	bell  transport.Bell      // breaks the nap of whoever holds the role
	alone bool                // of whoever holds the role: the message that it carries out came alone
	own   *served             // of whoever holds the role: whose handler it runs itself

	contexts slab // of whoever holds the role

	park    parking
	spare   sync.Pool // of *pending, whose Call went to another connection
	outWait outWait

	withholds atomic.Bool // credit waits to be granted

	ended atomic.Bool   // the core has failed
	idle  chan struct{} // closed when ended and nothing of the connection is left
	once  sync.Once
	work  sync.WaitGroup // handlers that those run, or start, who do not have the duty

	workers workers
	paces   paces
	duty    atomic.Pointer[duty] // its goroutine's that has it

	courtesy courtesy // of whoever holds the role
}

func newConn(tr transport.Transport, cfg core.Config, d roam.Dispatcher, o options) *conn {
	if d == nil {
		d = roam.NoService
	}
	c := &conn{tr: tr, dispatch: d, log: o.logger, core: core.New(cfg),
		batch: make([]transport.Arrival, transport.BatchSize), idle: make(chan struct{})}
	c.sizeOf = (*wire.Message).PayloadSize
	c.borrower, _ = d.(roam.Borrower)
	if l, ok := tr.(transport.Lender); ok {
		l.Lend(c.lends)
	}
	c.turn.init(&c.mu)
	tr.SendUnder(&c.turn)
	c.spin.init()
	c.park.init()
	c.workers.init()
	c.role.standby.wake = make(chan struct{}, 1)
	tr.OnWake(c.lookAround)
	return c
}

// update runs one step of the core and carries out what follows from it.
func (c *conn) update(step func(*core.Core)) {
	c.mu.Lock()
	step(c.core)
	var fx []core.Effect
	if c.core.HasEffects() {
		fx = c.core.TakeEffects(nil)
	}
	c.mu.Unlock()
	c.carryOut(fx, nil)
	c.flush()
}

// carryOut runs effects that are not an arrival, outside the lock. leader is the waiter
// for whom the calling goroutine receives, if it does: nobody has to wake that one. It
// says whether another has got something by it.
func (c *conn) carryOut(fx []core.Effect, leader *waiter) (woke bool) {
	for i := range fx {
		switch e := &fx[i]; e.Kind {
		case core.Respond:
			if p, ok := e.Call.Owner.(*pending); ok {
				release.Store(&p.done, 1)
				if p.w == leader {
					continue
				}
				p.w.sleeper.Wake() // also if it is awake; ordered before the look who naps
				c.ringNapper(p.w)
				woke = true
			}
		case core.EndContext:
			if s, ok := e.Request.Owner.(*served); ok {
				endContext(s.ctx)
			}
		case core.Wake:
			if h, ok := e.Channel.Owner.(*half); ok {
				h.changed()
				woke = woke || h.w != leader
			}
		case core.Note:
			c.log.Debug("roam: " + e.Text)
		}
	}
	return woke
}

// fail ends the connection, once: everything on it fails, and the transport is
// closed in the background with a Goodbye when the peer is to know why.
func (c *conn) fail(cause error) {
	c.once.Do(func() {
		err, reason := connectionError(cause)
		c.mu.Lock()
		c.core.Fail(err)
		fx := c.core.TakeEffects(nil)
		c.ended.Store(true)
		c.mu.Unlock()
		c.carryOut(fx, nil)
		c.bell.Ring()
		c.tr.Interrupt()
		c.role.standby.call()
		c.park.wakeAll()
		go c.close(reason)
	})
}

func (c *conn) close(reason string) {
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	if reason != "" {
		c.sayGoodbye(reason)
	}
	if err := c.tr.Close(ctx); err != nil {
		c.log.Debug("roam: close connection", "error", err)
	}
	c.park.wakeAll()
	c.workers.close()
	close(c.idle)
}

// goodbyeTick is how often a Goodbye without room looks again.
const goodbyeTick = time.Millisecond

// goodbyeWait bounds how long a Goodbye waits for room; a peer that makes none is
// left without it.
const goodbyeWait = 100 * time.Millisecond

// sayGoodbye sends the reason of the end if there is room soon.
func (c *conn) sayGoodbye(reason string) {
	ctx, cancel := context.WithTimeout(context.Background(), goodbyeWait)
	defer cancel()
	m := wire.Message{Kind: wire.KindGoodbye, Payload: []byte(cut(reason, min(maxErrorText, c.maxPayload())))}
	tick := time.NewTicker(goodbyeTick)
	defer tick.Stop()
	for {
		c.turn.Lock()
		err := c.tr.Stage(&m)
		if err == nil {
			c.tr.Commit()
		}
		c.turn.Unlock()
		c.tr.Notify()
		if lack, _ := lacking(err); lack == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// err is why the connection ended, nil while it lives.
func (c *conn) err() error {
	if !c.ended.Load() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.core.Err()
}

func (c *conn) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.core.Busy()
}
