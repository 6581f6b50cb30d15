package driver

import (
	"context"
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// half is this side's end of one channel: roam.Sender or roam.Receiver, never both.
// It must not reach the Tx or Rx that uses it: a dropped end is to be noticed.
type half struct {
	c  *conn
	ch *core.Channel

	call   *pending      // that passed the other end, nil on the callee's side
	events atomic.Uint32 // counts changes, so that none is missed between look and wait
	seen   uint32        // by the one goroutine in Recv
	need   uint32        // credit that the one goroutine in Send waits for, bytes
	w      *waiter       // of the one goroutine in Send or Recv
	said   bool          // logged why a send waits

	message wire.Message // what the one goroutine in Send sends

	borrows bool           // a Borrow waits for the next item; guarded by c.mu
	loan    transport.Loan // what that item lies in, when it has come so; guarded by c.mu
}

func newHalf(c *conn, ch *core.Channel) *half {
	h := &half{c: c, ch: ch}
	if ch.Sends {
		h.w = newWaiter(h.mayGoOn)
		h.w.kind, h.w.id = transport.Credit, uint32(ch.ID)
		h.w.peek = h.mayGoOn
		h.w.returns = true
	} else {
		h.w = newWaiter(func() bool { return h.events.Load() != h.seen })
		h.w.naps = true
		h.w.returns = true
	}
	ch.Owner = h
	return h
}

// binder is a channel end in a call or request.
type binder interface {
	BindSender(roam.Sender)
	BindReceiver(roam.Receiver)
}

func (h *half) bind(sends bool, end binder) {
	if sends {
		end.BindSender((*sender)(h))
	} else {
		end.BindReceiver((*receiver)(h))
	}
}

// changed is the core's word that something about the channel changed.
func (h *half) changed() {
	h.events.Add(1)
	h.c.wake(h.w)
	if h.call != nil && !h.open() {
		h.c.wake(h.call.w) // it may have been the last one
	}
}

func (h *half) open() bool {
	h.c.mu.Lock()
	defer h.c.mu.Unlock()
	return h.ch.Open()
}

// mayGoOn says that there is credit for what Send waits to send, or an end.
func (h *half) mayGoOn() bool {
	h.c.mu.Lock()
	defer h.c.mu.Unlock()
	room, err := h.c.core.SendRoom(h.ch)
	return err != nil || room >= h.need
}

func (h *half) drop(end func(*core.Core)) {
	if h.open() {
		h.c.log.Warn("roam: a channel end was dropped without being closed", "channel", h.ch.ID)
	}
	h.c.update(end)
}

// sender is a half on which this side sends.
type sender half

func (s *sender) MaxItem() int {
	return int(s.c.core.Limits().LargestItem())
}

func (s *sender) Send(ctx context.Context, head, tail []byte) error {
	return s.sendData(ctx, head, tail, s)
}

// sendData sends an item, whose memory is the program's again afterwards.
func (s *sender) sendData(ctx context.Context, head, tail []byte, op committer) error {
	m := &s.message
	m.Kind, m.ID, m.Payload, m.Tail = wire.KindData, s.ch.ID, head, tail
	err := s.send(ctx, m, op)
	m.Payload, m.Tail = nil, nil
	return err
}

// send sends an item when op, which counts its credit, commits to it.
func (s *sender) send(ctx context.Context, m *wire.Message, op committer) error {
	if err := s.checkSize(m.PayloadSize()); err != nil {
		return err
	}
	s.need = uint32(m.PayloadSize())
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		ok, err := s.c.publish(ctx, m, op)
		if ok {
			return nil
		}
		if err != nil {
			return s.broken(err)
		}
		s.sayWhy()
		if err := s.c.await(ctx, s.w); err != nil {
			return err
		}
	}
}

func (*sender) ready(*core.Core) error { return nil }

func (s *sender) commit(c *core.Core) (bool, error) { return c.CommitData(s.ch, s.need) }

// checkSize refuses an item that no credit will ever allow.
func (s *sender) checkSize(n int) error {
	l := s.c.core.Limits()
	if n > int(l.MaxPayload) {
		return &roam.SizeError{What: "item", Size: n, Limit: int(l.MaxPayload), Bound: "the largest payload"}
	}
	if n > int(l.InitialCredit) {
		return &roam.SizeError{What: "item", Size: n, Limit: int(l.InitialCredit), Bound: "the credit window"}
	}
	return nil
}

// broken ends the connection when err is the peer's fault.
func (s *sender) broken(err error) error {
	if _, bad := err.(*core.Violation); bad {
		s.c.fail(err)
		return s.c.err()
	}
	return err
}

// sayWhy logs once that a send waits for credit that will never come.
func (s *sender) sayWhy() {
	if s.c.budget && !s.said {
		s.said = true
		s.c.log.Warn("roam: the peer renews no credit; a send beyond the initial credit waits until its context ends",
			"channel", s.ch.ID, "credit", s.c.core.Limits().InitialCredit)
	}
}

func (s *sender) Close() { s.c.update(func(c *core.Core) { c.Close(s.ch) }) }

func (s *sender) Drop() { (*half)(s).drop(func(c *core.Core) { c.Close(s.ch) }) }

// receiver is a half on which this side receives.
type receiver half

func (r *receiver) Recv(ctx context.Context, buf []byte) (item []byte, owned bool, err error) {
	got, err := r.next(ctx, buf)
	return got.item, got.owned, err
}

func (r *receiver) next(ctx context.Context, buf []byte) (taken, error) {
	for {
		if err := ctx.Err(); err != nil {
			return taken{item: buf}, err
		}
		r.seen = r.events.Load()
		got, err := r.take(buf)
		if got.ok || err != nil {
			return got, err
		}
		if err := r.c.await(ctx, r.w); err != nil {
			return taken{item: buf}, err
		}
	}
}

// taken is an item, if there was one.
type taken struct {
	item      []byte
	owned, ok bool
	loan      transport.Loan // what it lies in, nil for memory that it owns
}

func (r *receiver) take(buf []byte) (got taken, err error) {
	c := r.c
	c.mu.Lock()
	if got.item, got.ok = c.core.TakeKept(r.ch); got.ok {
		got.owned = true
	} else {
		got.item, got.ok, err = c.core.Take(r.ch, buf)
	}
	if got.ok { // with the item: the next one is not the one that was waited for
		got.loan, r.loan, r.borrows = r.loan, nil, false
	}
	withholds := c.core.Withholds()
	c.mu.Unlock()
	c.flush()
	if got.ok {
		c.tr.Notify()
	}
	if withholds {
		c.withhold()
	}
	return got, err
}

func (r *receiver) Reset() { r.c.update(func(c *core.Core) { c.Reset(r.ch) }) }

func (r *receiver) Detach() { r.c.update(func(c *core.Core) { c.Detach(r.ch) }) }

func (r *receiver) Invalid(cause error) error {
	r.c.fail(&core.Violation{Rule: wire.RuleDataInvalid, Detail: cause.Error()})
	return r.c.err()
}

func (r *receiver) Drop() { (*half)(r).drop(func(c *core.Core) { c.Reset(r.ch) }) }

var (
	_ roam.Sender   = (*sender)(nil)
	_ roam.Receiver = (*receiver)(nil)
)
