package roam

import (
	"context"
	"errors"

	"github.com/roam-rpc/roam-go/wire"
)

// Dispatcher is a set of services as a connection reaches them. Its methods may be
// called for many connections at once. Generated code makes one for each service;
// [NewMux] joins several.
type Dispatcher interface {
	// Prepare finds the method of a request that arrived and decodes its arguments.
	// It runs on the goroutine that receives for the whole connection, in the order
	// of arrival, and must not block; in is valid only until it returns.
	// An error that is [ErrUnknownMethod] is answered as UnknownMethod, any other
	// one as InvalidPayload; either way none of the call's channels is opened.
	Prepare(in *Incoming) (Invocation, error)
}

// Borrower is a Dispatcher that has methods whose arguments may be lent. A connection
// asks before it decodes; of a Dispatcher that is none it lends nothing.
type Borrower interface {
	Dispatcher
	// Borrows says whether there is such a method with this id: see [Method.Borrow]. It
	// must not block.
	Borrows(method uint64) bool
}

// Invocation is a prepared request: its method, with the arguments decoded.
type Invocation interface {
	// Method is the method that is called. It may be called before Invoke only.
	Method() *Method
	// Invoke runs the method and fills in the reply; it is called at most once. It may
	// block. ctx ends when the caller cancels, its deadline passes or the connection
	// ends.
	Invoke(ctx context.Context, reply *Reply)
}

// Reusable is an Invocation, a pointer, whose memory may serve a later request of the same
// method once Invoke has returned. It keeps nothing of the request then. Generated code's are.
type Reusable interface {
	Invocation
	// Drop says that no later request will be prepared into it: Invoke has ended, or is not
	// called. Nobody uses it after that. Whoever invokes by itself what another Dispatcher
	// prepared may call it then, and need not.
	Drop()
}

// Incoming is a request as a dispatcher sees it, valid during Prepare.
type Incoming struct {
	// Method is the method id that was called.
	Method uint64
	// Args is the encoded argument tuple.
	Args wire.Decoder
	// Metadata is the encoded metadata list.
	Metadata []byte

	ends []Accepted
	used *Invocation // the driver's; of copies the same
}

// Accepted lists the channel ends found while decoding, in order, for the driver.
func (in *Incoming) Accepted() []Accepted { return in.ends }

// Offer has Used give what used holds, a [Reusable] that is over or nil, and TakeUsed set it to
// nil. It is for drivers.
func (in *Incoming) Offer(used *Invocation) { in.used = used }

// Used is a [Reusable] that is over, or nil: a request of the same method may be prepared into
// it, after TakeUsed, and has Prepare return it.
func (in *Incoming) Used() Invocation {
	if in.used == nil {
		return nil
	}
	return *in.used
}

// TakeUsed says that what Used gave, not nil, is in use from now on.
func (in *Incoming) TakeUsed() { *in.used = nil }

// Reset empties in for another request. What is still offered is dropped.
func (in *Incoming) Reset() {
	clear(in.ends)
	in.Method, in.Args, in.Metadata = 0, wire.Decoder{}, nil
	in.ends = in.ends[:0]
	if inv := in.Used(); inv != nil {
		in.TakeUsed()
		drop(inv)
	}
}

func drop(inv Invocation) {
	if r, ok := inv.(Reusable); ok {
		r.Drop()
	}
}

// Reply is the answer to one request. The zero value is an empty reply; either Succeed
// or Fail is called, once.
type Reply struct {
	// Metadata is sent with the Response.
	Metadata Metadata

	result   wire.Encoder
	err      error // what Fail was given
	declared bool  // result holds err, as the method declares it
}

// Result tags of a Response payload.
const (
	resultOK  = 0x00
	resultErr = 0x01

	errUser           = 0x00
	errUnknownMethod  = 0x01
	errInvalidPayload = 0x02
	errCancelled      = 0x03
)

// Succeed starts a success: the result is encoded into what it returns.
func (r *Reply) Succeed() *wire.Encoder {
	r.begin(resultOK)
	return &r.result
}

// Fail answers with err. When it is the error that m declares, callers get it as that;
// else callers of this implementation get a [*RemoteError] with err's message, others
// see Cancelled. m may be nil.
func (r *Reply) Fail(m *Method, err error) {
	r.err = err
	if m != nil && m.EncodeError != nil {
		r.begin(resultErr, errUser)
		if r.declared = m.EncodeError(&r.result, err) && r.result.Err() == nil; r.declared {
			return
		}
	}
	r.begin(resultErr, errCancelled)
}

func (r *Reply) begin(tags ...byte) {
	b, _ := r.result.Parts()
	r.result.Reset(append(b[:0], tags...))
}

// Payload is the encoded Result, in two parts as [wire.Encoder.Parts] gives it; empty
// when neither Succeed nor Fail was called.
func (r *Reply) Payload() (head, tail []byte) { return r.result.Parts() }

// Outcome is the error that the method failed with, declared or not; nil for a success.
func (r *Reply) Outcome() error {
	if r.err != nil {
		return r.err
	}
	return r.result.Err() // a result that has no encoding
}

// Undeclared is Outcome, but for an error that the method declares.
func (r *Reply) Undeclared() error {
	if r.declared {
		return nil
	}
	return r.Outcome()
}

// Reset empties r for another request, keeping its buffer.
func (r *Reply) Reset() {
	b, _ := r.result.Parts()
	r.result.Reset(reuse(b))
	r.Metadata, r.err, r.declared = nil, nil, false
}

// IsUnknownMethod says whether err, as Prepare returned it, means that no such
// method exists.
func IsUnknownMethod(err error) bool { return errors.Is(err, ErrUnknownMethod) }

// NoService is the dispatcher of a side that serves nothing.
var NoService Dispatcher = noService{}

type noService struct{}

func (noService) Prepare(*Incoming) (Invocation, error) { return nil, ErrUnknownMethod }
