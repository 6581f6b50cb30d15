package driver

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/internal/release"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// idTick is how often a caller without a channel id looks again: an entry becomes
// free without a wake-up.
const idTick = time.Millisecond

// pending is one call of this side, with the goroutine that waits for it. It is used
// again, on the same connection, once its Response came and the call was released.
type pending struct {
	c        *conn
	core     core.Call
	taken    bool   // by the roam.Call that it is with
	sent     bool   // Do has begun
	done     uint32 // 1 when the call is; read by atomic loads
	w        *waiter
	halves   []*half
	entries  roam.Metadata // scratch of encodeMetadata
	metadata []byte
	message  wire.Message // the Request
}

func newPending(c *conn) *pending {
	p := &pending{c: c}
	p.core.Owner = p
	p.w = newWaiter(p.isDone)
	p.w.answer, p.w.naps = true, true
	return p
}

func (p *pending) isDone() bool { return atomic.LoadUint32(&p.done) != 0 }

// streaming says that a channel of the call is open on this side: whoever uses it waits
// for much, and receives better itself than it is woken by the goroutine of the call.
func (p *pending) streaming() bool {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	for _, ch := range p.core.Channels {
		if ch.Open() {
			return true
		}
	}
	return false
}

// errAllInFlight: wait until a Response came.
var errAllInFlight = errors.New("every place in flight is taken")

// ready takes a place in flight for the call, which keeps it until it is answered or
// withdrawn.
func (p *pending) ready(c *core.Core) error {
	if p.core.ID == 0 {
		ok, err := c.Admit(&p.core)
		if err != nil {
			return err
		}
		if !ok {
			return errAllInFlight
		}
		p.message.ID = p.core.ID
	}
	return nil
}

func (p *pending) commit(c *core.Core) (bool, error) {
	err := c.CommitCall(&p.core)
	return err == nil, err
}

// errCallUsed: a roam.Call is for one Open and one Do, on one connection.
var errCallUsed = errors.New("the call has been used already")

// Released lets the call's buffers be used again; roam.Call calls it. Only a call
// whose Response came is free of the core: one that was given up or withdrawn may
// still be finished by another goroutine.
func (p *pending) Released() bool {
	if !p.taken {
		return true
	}
	if !p.sent {
		p.c.update(func(k *core.Core) { k.Withdraw(&p.core) }) // gives its channel ids back
		return false
	}
	if !p.isDone() {
		return false
	}
	clear(p.halves)
	p.halves = p.halves[:0]
	p.taken, p.sent = false, false
	p.w.follows = nil
	p.message.Payload, p.message.Tail = nil, nil
	release.Store(&p.done, 0)
	p.core.Reset()
	return !p.c.ended.Load()
}

// pendingOf is the driver's part of a call, made at its first use. What an earlier call has
// left there is used again, by this connection or, over its spare ones, by its own.
func (c *conn) pendingOf(call *roam.Call) *pending {
	p, ok := call.Driver.(*pending)
	if ok && (p.c == c || p.taken) {
		p.taken = true
		return p
	}
	if ok {
		p.c.spare.Put(p)
	}
	if p, ok = c.spare.Get().(*pending); !ok {
		p = newPending(c)
	}
	p.taken = true
	call.Driver = p
	return p
}

// open gives each channel end that the call passes an id.
func (c *conn) open(ctx context.Context, call *roam.Call) error {
	passed := call.Passed()
	if len(passed) == 0 {
		return nil
	}
	if limit := c.idLimit(); limit > 0 && len(passed) > limit {
		return &roam.ChannelCountError{Count: len(passed), Limit: limit}
	}
	p := c.pendingOf(call)
	sends := make([]bool, len(passed))
	for i, end := range passed {
		sends[i] = end.CallerSends
	}
	if err := c.until(ctx, func(k *core.Core) (bool, error) { return k.TakeChannels(&p.core, sends) }); err != nil {
		return fmt.Errorf("%s: wait for channel ids: %w", call.Method, err)
	}
	ids := make([]uint64, len(passed))
	for i, ch := range p.core.Channels {
		ids[i] = ch.ID
		h := newHalf(c, ch)
		h.call = p
		p.halves = append(p.halves, h)
	}
	p.w.follows = p.streaming
	call.Opened(ids)
	return nil
}

// until tries step, under the lock, until it says true, fails, or ctx ends. It is for
// what becomes free without a wake-up of its own.
func (c *conn) until(ctx context.Context, step func(*core.Core) (bool, error)) error {
	var ok bool
	var err error
	try := func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !ok && err == nil {
			ok, err = step(c.core)
		}
		return ok || err != nil
	}
	if try() {
		return err
	}
	w := newWaiter(try)
	w.every = idTick
	if ended := c.await(ctx, w); ended != nil {
		return ended
	}
	if err == nil && !ok {
		return c.err()
	}
	return err
}

// do sends the Request of a call and waits for its Response; see roam.Caller.
func (c *conn) do(ctx context.Context, call *roam.Call) error {
	p := c.pendingOf(call)
	if p.sent || p.c != c {
		return fmt.Errorf("%s: %w", call.Method, errCallUsed)
	}
	if err := c.open(ctx, call); err != nil {
		return err
	}
	p.sent = true
	if err := c.send(ctx, call, p); err != nil {
		c.withdraw(call, p, err)
		return fmt.Errorf("%s: %w", call.Method, err)
	}
	for i, end := range call.Passed() {
		p.halves[i].bind(end.CallerSends, end)
	}
	if err := c.await(ctx, p.w); err != nil {
		c.update(func(k *core.Core) { k.Cancel(&p.core) })
		return fmt.Errorf("%s: %w", call.Method, err)
	}
	if err := c.outcome(p); err != nil {
		return fmt.Errorf("%s: %w", call.Method, err)
	}
	err := call.DecodeResult(p.core.Metadata, p.core.Payload, p.core.Owned)
	return atDeadline(ctx, call, err)
}

// deadlineSlack is how much before the caller's deadline the callee's may pass: the
// time that the Request took, and the difference of their clocks' grain.
const deadlineSlack = 100 * time.Millisecond

// atDeadline gives the deadline's error for a call that the callee cancelled because
// the deadline that travelled with it had passed there.
func atDeadline(ctx context.Context, call *roam.Call, err error) error {
	deadline, limited := ctx.Deadline()
	if limited && errors.Is(err, roam.ErrCancelled) && time.Until(deadline) < deadlineSlack {
		return fmt.Errorf("%s: %w", call.Method, context.DeadlineExceeded)
	}
	return err
}

// outcome is why a call has no Response, nil when it has one.
func (c *conn) outcome(p *pending) error {
	if !p.isDone() {
		// The connection ended, and nobody has said so to this call yet.
		c.mu.Lock()
		defer c.mu.Unlock()
	}
	if done, err := p.core.Done(); done { // it does not change any more
		return err
	}
	return c.core.Err()
}

// send publishes the Request.
func (c *conn) send(ctx context.Context, call *roam.Call, p *pending) error {
	if err := p.encodeMetadata(ctx); err != nil {
		return err
	}
	if err := call.Args.Err(); err != nil {
		return fmt.Errorf("arguments: %w", err)
	}
	m := &p.message
	m.Kind, m.Method, m.Metadata = wire.KindRequest, call.Method.ID, p.metadata
	m.Payload, m.Tail = call.Args.Parts()
	if size, limit := c.bounded(m); size > limit {
		return &roam.SizeError{What: "request", Size: size, Limit: limit, Bound: "the largest payload"}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := c.publish(ctx, m, p)
	if err != errAllInFlight {
		return err
	}
	err = c.until(ctx, func(k *core.Core) (bool, error) {
		err := p.ready(k)
		if err == errAllInFlight {
			return false, nil
		}
		return err == nil, err
	})
	if err == nil {
		_, err = c.publish(ctx, m, p)
	}
	return err
}

// withdraw ends a call that was not published.
func (c *conn) withdraw(call *roam.Call, p *pending, err error) {
	c.update(func(k *core.Core) { k.Withdraw(&p.core) })
	for _, end := range call.Passed() {
		end.Fail(err)
	}
}

// encodeMetadata joins what the context carries with the deadline.
func (p *pending) encodeMetadata(ctx context.Context) error {
	p.metadata = p.metadata[:0]
	md := roam.OutgoingMetadata(ctx)
	deadline, limited := ctx.Deadline()
	if !limited && len(md) == 0 {
		return nil
	}
	entries := p.entries[:0]
	for _, entry := range md {
		if entry.Key != roam.MetadataTimeout { // a forwarded one is another call's
			entries = append(entries, entry)
		}
	}
	if limited {
		left := max(0, time.Until(deadline))
		entries = append(entries, wire.Entry{Key: roam.MetadataTimeout, Value: wire.U64Value(uint64(left))})
	}
	p.metadata = wire.AppendMetadata(p.metadata, entries)
	clear(entries)
	p.entries = entries
	return wire.CheckMetadata(p.metadata)
}

// mostCounted is what sizeOf counts at most beside metadata and payload, bytes.
const mostCounted = 10

// bounded is the size of m and what it is to be at most; of one that is far below that the
// size is only estimated, from above.
func (c *conn) bounded(m *wire.Message) (size, limit int) {
	limit = c.maxPayload()
	size = len(m.Metadata) + m.PayloadSize() + mostCounted
	if size > limit {
		size = c.sizeOf(m)
	}
	return size, limit
}

func (c *conn) maxPayload() int { return int(c.core.Limits().MaxPayload) }

// idLimit is how many channel ids this side has at once, 0 = unbounded.
func (c *conn) idLimit() int { return c.core.IDLimit() }
