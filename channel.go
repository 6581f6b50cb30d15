package roam

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync"

	"github.com/roam-rpc/roam-go/wire"
)

// Tx is the sending end of a channel of T. Any number of goroutines may use it at
// once; their items are sent one after another.
type Tx[T any] struct{ pair *pair[T] }

// Rx is the receiving end of a channel of T. Any number of goroutines may use it at
// once; each item goes to one of them.
type Rx[T any] struct{ pair *pair[T] }

// Channel makes a pair: pass one end in a call and keep the other. The kept end
// starts to work when the call has been sent; until then its methods wait.
// Close a kept Tx, or read a kept Rx to its end or Close it: an end that is dropped
// open is ended when it is garbage collected, and logged as a fault of the program.
func Channel[T any]() (*Tx[T], *Rx[T]) {
	p := newPair[T]()
	p.tx, p.rx = &Tx[T]{pair: p}, &Rx[T]{pair: p}
	return p.tx, p.rx
}

// Send sends one item. It blocks while the receiver's credit, ring space or a slot
// is missing, and until the call that passes the other end was sent; ctx ends that.
// Errors: ErrChannelClosed, ErrReset (the receiver wants no more), ErrPassed, a
// *SizeError for an item that can never be sent, or the connection's.
func (t *Tx[T]) Send(ctx context.Context, item T) error {
	defer runtime.KeepAlive(t) // a blocked Send keeps the end in use
	p := t.pair
	if err := p.await(ctx); err != nil {
		return err
	}
	if p.sender == nil {
		return ErrPassed
	}
	if err := p.use.lock(ctx); err != nil {
		return err
	}
	defer p.use.unlock()
	p.enc.Reset(p.buf[:0])
	p.codec.Encode(&p.enc, item)
	if err := p.enc.Err(); err != nil {
		return fmt.Errorf("item: %w", err)
	}
	head, tail := p.enc.Parts()
	err := p.sender.Send(ctx, head, tail)
	p.buf = reuse(head)
	p.enc.Reset(nil) // nothing of the item is kept
	return err
}

// Close ends the channel after what was sent. It does not block; closing twice is
// allowed. On an end whose call is not sent yet it takes effect when it is.
func (t *Tx[T]) Close() {
	defer runtime.KeepAlive(t)
	if s := t.pair.closeEarly(); s != nil {
		s.Close()
	}
}

// Recv gives the next item, waiting for it. Errors: io.EOF itself after
// the last item of a closed channel, ErrReset, ErrChannelClosed (this side closed it,
// or gave up its call), ErrPassed, ctx's, or the connection's.
func (r *Rx[T]) Recv(ctx context.Context) (T, error) {
	defer runtime.KeepAlive(r)
	var item T
	p := r.pair
	err := p.receive(ctx, func(d *wire.Decoder, _ []byte) { item = p.codec.Decode(d) })
	if err != nil {
		var none T
		return none, err
	}
	return item, nil
}

// All ranges over the items until the channel ends. A last pair carries the error
// when the end was not a regular one.
func (r *Rx[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			item, err := r.Recv(ctx)
			if isEOF(err) {
				return
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// Close says that this side wants no more: what is pending is dropped and the sender
// gets ErrReset. It does not block; closing an ended channel does nothing.
func (r *Rx[T]) Close() {
	defer runtime.KeepAlive(r)
	if rv := r.pair.resetEarly(); rv != nil {
		rv.Reset()
	}
}

// Detach lets a handler go on using the end after it returned. Without it the
// channel is reset when the handler returns.
func (r *Rx[T]) Detach() {
	defer runtime.KeepAlive(r)
	p := r.pair
	p.mu.Lock()
	rv := p.receiver
	p.mu.Unlock()
	if rv != nil {
		rv.Detach()
	}
}

// PassTx makes tx an argument of the call: the handler sends, the caller receives.
// It is for generated clients; codec is the item's encoding.
func PassTx[T any](c *Call, tx *Tx[T], codec wire.Codec[T]) error {
	if tx == nil || tx.pair == nil {
		return ErrNilChannel
	}
	return pass(c, tx.pair, codec, false)
}

// PassRx makes rx an argument of the call: the handler receives, the caller sends.
// It is for generated clients; codec is the item's encoding.
func PassRx[T any](c *Call, rx *Rx[T], codec wire.Codec[T]) error {
	if rx == nil || rx.pair == nil {
		return ErrNilChannel
	}
	return pass(c, rx.pair, codec, true)
}

func pass[T any](c *Call, p *pair[T], codec wire.Codec[T], callerSends bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.passed {
		return ErrPassed
	}
	p.passed, p.codec = true, codec
	c.passed = append(c.passed, Passed{end: p, CallerSends: callerSends})
	return nil
}

// AcceptTx decodes a channel argument on which the handler sends. It is for
// generated dispatchers.
func AcceptTx[T any](in *Incoming, codec wire.Codec[T]) *Tx[T] {
	p := newPair[T]()
	p.codec, p.passed = codec, true
	p.tx = &Tx[T]{pair: p}
	in.ends = append(in.ends, Accepted{ID: in.Args.U64(), Sends: true, end: p})
	return p.tx
}

// AcceptRx decodes a channel argument on which the handler receives. It is for
// generated dispatchers.
func AcceptRx[T any](in *Incoming, codec wire.Codec[T]) *Rx[T] {
	p := newPair[T]()
	p.codec, p.passed = codec, true
	p.rx = &Rx[T]{pair: p}
	in.ends = append(in.ends, Accepted{ID: in.Args.U64(), end: p})
	return p.rx
}

// use lets one goroutine at a time use an end, with a context.
type use chan struct{}

func (u use) lock(ctx context.Context) error {
	select {
	case u <- struct{}{}:
		return nil
	default:
	}
	select {
	case u <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (u use) unlock() { <-u }

// pair is what the two ends share until one of them has left the process.
type pair[T any] struct {
	ready chan struct{} // closed when bound or failed; what follows is then fixed
	use   use           // guards buf, enc and dec; held across one Send or Recv
	buf   []byte
	enc   wire.Encoder // to buf
	dec   wire.Decoder // of the item in buf; both are here, so that none is allocated for each item

	mu       sync.Mutex
	codec    wire.Codec[T]
	passed   bool
	earlyTx  bool // closed by its owner before it was bound
	earlyRx  bool
	err      error
	sender   Sender
	receiver Receiver
	tx       *Tx[T] // until bound, so that a dropped end is noticed
	rx       *Rx[T]
}

func newPair[T any]() *pair[T] {
	return &pair[T]{ready: make(chan struct{}), use: make(use, 1)}
}

func (p *pair[T]) await(ctx context.Context) error {
	select {
	case <-p.ready:
		return p.err
	default:
	}
	select {
	case <-p.ready:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// receive hands the next item to decode. raw is the item, to keep, if it is owned; else
// it is nil, and decode must not keep the decoder's bytes.
func (p *pair[T]) receive(ctx context.Context, decode func(d *wire.Decoder, raw []byte)) error {
	if err := p.lockReceiver(ctx); err != nil {
		return err
	}
	defer p.use.unlock()
	raw, owned, err := p.receiver.Recv(ctx, p.buf[:0])
	if err != nil {
		return err
	}
	p.dec.Reset(raw, owned)
	if owned {
		decode(&p.dec, raw)
	} else {
		p.buf = reuse(raw)
		decode(&p.dec, nil)
	}
	err = p.dec.Finish()
	p.dec = wire.Decoder{} // nothing of the item is kept
	if err != nil {
		return p.receiver.Invalid(err)
	}
	return nil
}

// lockReceiver waits until this end can receive and nobody else does; use is then to be
// unlocked.
func (p *pair[T]) lockReceiver(ctx context.Context) error {
	if err := p.await(ctx); err != nil {
		return err
	}
	if p.receiver == nil {
		return ErrPassed
	}
	return p.use.lock(ctx)
}

func (p *pair[T]) bindSender(s Sender) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bound() {
		return
	}
	p.sender = s
	runtime.AddCleanup(p.tx, Sender.Drop, s)
	p.tx, p.rx = nil, nil
	if p.earlyTx {
		s.Close()
	}
	close(p.ready)
}

func (p *pair[T]) bindReceiver(r Receiver) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bound() {
		return
	}
	p.receiver = r
	runtime.AddCleanup(p.rx, Receiver.Drop, r)
	p.tx, p.rx = nil, nil
	if p.earlyRx {
		r.Reset()
	}
	close(p.ready)
}

func (p *pair[T]) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bound() {
		return
	}
	p.err = err
	p.tx, p.rx = nil, nil
	close(p.ready)
}

func (p *pair[T]) bound() bool {
	select {
	case <-p.ready:
		return true
	default:
		return false
	}
}

// closeEarly gives the sender to close, or notes the wish until there is one.
func (p *pair[T]) closeEarly() Sender {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.earlyTx = p.earlyTx || !p.bound()
	return p.sender
}

func (p *pair[T]) resetEarly() Receiver {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.earlyRx = p.earlyRx || !p.bound()
	return p.receiver
}
