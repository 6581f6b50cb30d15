package roam

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/roam-rpc/roam-go/wire"
)

// Lent is an item of a channel that is read where it lies. Release it: as long as it is
// out the peer has a slot less to send with, and the guest or host does not close. One that is
// dropped is released when it is garbage collected, and logged as a fault of the program.
type Lent struct {
	bytes   []byte
	loan    Loan // nil when nobody needs the memory back
	cleanup runtime.Cleanup
	over    atomic.Bool
}

// Borrow is [Rx.Recv] for an item that need not be kept: a large one that comes over shared
// memory while Borrow waits for it is not copied out of the segment. Any other item lies in
// memory of this process, which is received into again after Release. The sender gets its
// credit when Borrow returns, as with Recv.
//
// The peer can change the bytes while they are lent: what must not change between its
// check and its use is to be copied first.
func Borrow(ctx context.Context, rx *Rx[[]byte]) (*Lent, error) {
	defer runtime.KeepAlive(rx)
	p := rx.pair
	if err := p.lockReceiver(ctx); err != nil {
		return nil, err
	}
	defer p.use.unlock()
	item, loan, err := p.receiver.Borrow(ctx)
	if err != nil {
		return nil, err
	}
	d := wire.NewBorrowingDecoder(item)
	l := &Lent{bytes: d.BytesView(), loan: loan}
	if err := d.Finish(); err != nil {
		l.Release()
		return nil, p.receiver.Invalid(err)
	}
	if loan != nil {
		l.cleanup = runtime.AddCleanup(l, Loan.Drop, loan)
	}
	return l, nil
}

// Bytes is the item, valid until Release and only as long as the Lent itself is in use.
func (l *Lent) Bytes() []byte { return l.bytes }

// Release gives the memory back; nobody may use the bytes any more. Any goroutine, any
// number of times.
func (l *Lent) Release() {
	if l.over.Swap(true) || l.loan == nil {
		return
	}
	l.cleanup.Stop()
	l.loan.Release()
	runtime.KeepAlive(l)
}
