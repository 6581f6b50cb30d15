package driver

import (
	"github.com/roam-rpc/roam-go/internal/bufpool"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// lends decides for the transport which large messages are left where they are until
// they are done with. It runs on the receiving goroutine.
func (c *conn) lends(m *wire.Message) bool {
	return m.Kind == wire.KindRequest && c.borrows(m.Method)
}

// borrows says that the arguments of a method may be lent to its handler.
func (c *conn) borrows(method uint64) bool { return c.borrower != nil && c.borrower.Borrows(method) }

// buffer is private memory in the place of a loan: it is received into again.
type buffer []byte

// Release implements [transport.Loan].
func (b buffer) Release() { bufpool.Put(b) }

// args is what the arguments are decoded from. Those of a method that borrows are lent in
// any case when they are large: by the peer, or from memory that they were copied into.
func (s *served) args(loan transport.Loan) wire.Decoder {
	r := s.request
	if loan == nil && r.Owned && s.c.borrows(r.Method) {
		loan = buffer(r.Args)
	}
	s.loan = loan
	if loan != nil {
		return wire.NewBorrowingDecoder(r.Args)
	}
	return decoderOf(r.Args, r.Owned)
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
