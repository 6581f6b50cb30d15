package roam

import (
	"context"
	"io"
)

// Sender is a connection's half of a channel on which this side sends. Connections
// implement it; a Tx uses it, one Send at a time, the others at any time.
type Sender interface {
	// Send publishes one encoded item, in two parts as [wire.Encoder.Parts] gives them,
	// waiting for credit and room. It does not keep them.
	Send(ctx context.Context, head, tail []byte) error
	// MaxItem is the largest encoded item that can be sent, bytes.
	MaxItem() int
	// Reserve gives memory for an encoded item of n bytes, from which it is sent without
	// being copied; nil when there is none to spare. It does not block. Any goroutine.
	Reserve(n int) Reserved
	// SendReserved is Send for an item in such memory, which is then not to be given back.
	SendReserved(ctx context.Context, r Reserved) error
	// Close ends the channel after what was sent. It does not block.
	Close()
	// Drop ends the channel because the program lost its end; a fault unless it had
	// ended before.
	Drop()
}

// Receiver is a connection's half of a channel on which this side receives.
// Connections implement it; an Rx uses it, one Recv at a time, the others at any time.
type Receiver interface {
	// Recv waits for the next item. It is appended to buf, or owned: then it lies in
	// memory of its own, which is the caller's. io.EOF is the regular end.
	Recv(ctx context.Context, buf []byte) (item []byte, owned bool, err error)
	// Borrow is Recv that may leave the item where it was received. A loan that is not
	// nil says what it lies in.
	Borrow(ctx context.Context) (item []byte, loan Loan, err error)
	// Reset says that no more is wanted. It does not block.
	Reset()
	// Detach keeps the channel open after the handler returned.
	Detach()
	// Invalid reports an item that does not decode: it ends the connection
	// (channeling.data.invalid). It returns the connection's error.
	Invalid(cause error) error
	// Drop ends the channel because the program lost its end; a fault unless it had
	// ended before.
	Drop()
}

// Loan is memory of a connection that the program uses. Connections implement it. One of
// the methods is called, once.
type Loan interface {
	// Release gives the memory back: nobody uses it any more.
	Release()
	// Drop is Release because the program lost what it used; a fault.
	Drop()
}

// Reserved is memory for an item that is to be sent. Release or Drop is for one that was
// not sent.
type Reserved interface {
	Loan
	Bytes() []byte
}

// end is a pair without its item type.
type end interface {
	bindSender(Sender)
	bindReceiver(Receiver)
	fail(error)
}

// Passed is a channel end in the arguments of an outgoing call.
type Passed struct {
	// CallerSends: the handler receives and the caller kept the Tx.
	CallerSends bool
	end         end
}

// BindSender gives the kept Tx its connection, after the Request was sent.
func (p Passed) BindSender(s Sender) { p.end.bindSender(s) }

// BindReceiver gives the kept Rx its connection, after the Request was sent.
func (p Passed) BindReceiver(r Receiver) { p.end.bindReceiver(r) }

// Fail ends the kept end of a call that was not sent; it does nothing after a Bind.
func (p Passed) Fail(err error) { p.end.fail(err) }

// Accepted is a channel end in the arguments of a request that arrived.
type Accepted struct {
	// ID is the channel id in the arguments, not checked yet.
	ID uint64
	// Sends: the handler sends.
	Sends bool
	end   end
}

// BindSender gives the handler's Tx its connection.
func (a Accepted) BindSender(s Sender) { a.end.bindSender(s) }

// BindReceiver gives the handler's Rx its connection.
func (a Accepted) BindReceiver(r Receiver) { a.end.bindReceiver(r) }

// isEOF says that a channel ended in order. Only the bare io.EOF does: an error that
// wraps it is a connection that broke.
func isEOF(err error) bool { return err == io.EOF }
