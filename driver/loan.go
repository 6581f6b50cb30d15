package driver

import (
	"context"

	"github.com/roam-rpc/roam-go/internal/bufpool"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// lends decides for the transport which large messages are left where they are until
// they are done with. It runs on the receiving goroutine.
func (c *conn) lends(m *wire.Message) bool {
	switch m.Kind {
	case wire.KindRequest:
		return c.borrows(m.Method)
	case wire.KindData:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.awaiting(m.ID) != nil
	}
	return false
}

// awaiting is the half whose Borrow waits for the next item of the channel, which then is
// the only one that is not taken yet; nil when there is none. The caller holds mu.
func (c *conn) awaiting(id uint64) *half {
	if ch := c.core.Awaits(id); ch != nil {
		if h, ok := ch.Owner.(*half); ok && h.borrows {
			return h
		}
	}
	return nil
}

// place gives an item that was lent to the Borrow that waits for it, or copies it when
// that one has given up meanwhile. So a loan is never queued for nobody. The caller holds
// mu, and has the core receive the item next.
func (c *conn) place(a *transport.Arrival) {
	a.Owned = true // the queue does not copy it
	if h := c.awaiting(a.ID); h != nil {
		h.loan, a.Loan = a.Loan, nil
		return
	}
	a.Payload = private(a.Payload)
}

// private is a copy in memory that can be given back.
func private(b []byte) []byte {
	own := bufpool.Get(max(1, len(b)))[:len(b)]
	copy(own, b)
	return own
}

// borrows says that the arguments of a method may be lent to its handler.
func (c *conn) borrows(method uint64) bool { return c.borrower != nil && c.borrower.Borrows(method) }

// buffer is private memory in the place of a loan: it is received into again.
type buffer []byte

// Release implements [roam.Loan].
func (b buffer) Release() { bufpool.Put(b) }

// Drop leaves the memory to the garbage collector: whoever lost the loan may still use it.
func (b buffer) Drop() {}

// lentItem is a slot that an item of a channel lies in.
type lentItem struct {
	transport.Loan
	h *half
}

// Drop implements [roam.Loan].
func (l lentItem) Drop() {
	l.h.c.log.Warn("roam: a lent item was dropped without being released", "channel", l.h.ch.ID)
	l.Release()
}

func (r *receiver) Borrow(ctx context.Context) (item []byte, loan roam.Loan, err error) {
	r.c.mu.Lock()
	r.borrows = true
	r.c.mu.Unlock()
	got, err := r.next(ctx, nil)
	switch {
	case err != nil:
		r.forgo()
		return nil, nil, err
	case got.loan != nil:
		loan = lentItem{got.loan, (*half)(r)}
	case got.owned:
		loan = buffer(got.item)
	}
	return got.item, loan, nil
}

// forgo ends a Borrow without an item: one that came for it stays, as a copy.
func (r *receiver) forgo() {
	r.c.mu.Lock()
	loan := r.loan
	r.loan, r.borrows = nil, false
	if loan != nil {
		r.c.core.Move(r.ch, private)
	}
	r.c.mu.Unlock()
	if loan != nil {
		loan.Release()
	}
}

// setArgs sets what the arguments are decoded from. Those of a method that borrows are lent
// in any case when they are large: by the peer, or from memory that they were copied into.
func (s *served) setArgs(loan transport.Loan) {
	r := s.request
	if loan == nil && r.Owned && s.c.borrows(r.Method) {
		loan = buffer(r.Args)
	}
	s.loan = loan
	if loan != nil {
		s.in.Args = wire.NewBorrowingDecoder(r.Args)
		return
	}
	s.in.Args.Reset(r.Args, r.Owned)
}

// giveBack ends the loan of the arguments, if there is one: the handler has returned and
// the Response, which may refer to them, was published or never will be.
func (s *served) giveBack() {
	if s.loan != nil {
		s.loan.Release()
		s.loan = nil
	}
}

// forgo gives back what messages were lent that nobody handles.
func forgo(batch []transport.Arrival) {
	for i := range batch {
		if loan := batch[i].Loan; loan != nil {
			loan.Release()
		}
	}
}
