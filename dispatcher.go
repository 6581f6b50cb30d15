package roam

import (
	"context"
	"errors"
	"fmt"

	"github.com/roam-rpc/roam-go/wire"
)

// Dispatcher is a set of services as a connection reaches them. Generated
// dispatchers implement it. Its methods may be called for many connections at once.
type Dispatcher interface {
	// Prepare finds the method of a request that arrived and decodes its arguments.
	// It runs on the goroutine that receives for the whole connection, in the order
	// of arrival, and must not block; in.Args is valid only until it returns.
	// An error that is [ErrUnknownMethod] is answered as UnknownMethod, any other
	// one as InvalidPayload; either way none of the call's channels is opened.
	Prepare(in *Incoming) (Invocation, error)
}

// Invocation is a prepared request: its method, with the arguments decoded.
type Invocation interface {
	// Invoke runs the method and fills in the reply. It may block. ctx ends when the
	// caller cancels, its deadline passes or the connection ends.
	Invoke(ctx context.Context, reply *Reply)
}

// Incoming is a request as a dispatcher sees it.
type Incoming struct {
	// Method is the method id that was called.
	Method uint64
	// Args is the encoded argument tuple, valid during Prepare.
	Args []byte
	// Metadata is the encoded metadata list, valid during Prepare.
	Metadata []byte
	// Inline, when Prepare sets it, runs the invocation on the receiving goroutine:
	// only for methods that never block.
	Inline bool

	ends []Accepted
}

// Accepted lists the channel ends found while decoding, in order, for the driver.
func (in *Incoming) Accepted() []Accepted { return in.ends }

// Reset empties in for another request.
func (in *Incoming) Reset() {
	clear(in.ends)
	*in = Incoming{ends: in.ends[:0]}
}

// Reply is the answer to one request. The zero value is an empty reply; exactly one
// of Succeed, FailDeclared and Fail is called, once.
type Reply struct {
	// Payload is the encoded Result; append the result after Succeed, the declared
	// error after FailDeclared.
	Payload []byte
	// Metadata is sent with the Response.
	Metadata Metadata
	err      error
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

// Succeed starts a success; the encoded result is appended to Payload after it.
func (r *Reply) Succeed() { r.Payload = append(r.Payload[:0], resultOK) }

// FailDeclared starts the method's declared error; its encoding is appended after it.
func (r *Reply) FailDeclared() { r.Payload = append(r.Payload[:0], resultErr, errUser) }

// Fail answers with a failure that the method does not declare: callers of this
// implementation get a [*RemoteError] with err's message, others see Cancelled.
func (r *Reply) Fail(err error) {
	r.Payload = append(r.Payload[:0], resultErr, errCancelled)
	r.err = err
}

// Err is what Fail was given, nil otherwise.
func (r *Reply) Err() error { return r.err }

// Reset empties r for another request, keeping its buffer.
func (r *Reply) Reset() { *r = Reply{Payload: reuse(r.Payload)} }

// DecodeResult splits a Response payload into the call's result: it fills in
// call.Failed and returns the bytes of the result or of the declared error, or the
// error that the answer stands for. metadata is the Response's encoded list.
func DecodeResult(call *Call, metadata, payload []byte) ([]byte, error) {
	call.Failed = false
	if len(payload) == 0 {
		return nil, fmt.Errorf("%s: response: %w: empty payload", call.Method, ErrInvalidResponse)
	}
	switch payload[0] {
	case resultOK:
		return payload[1:], nil
	case resultErr:
		return decodeFailure(call, metadata, payload[1:])
	}
	return nil, fmt.Errorf("%s: response: %w: result tag %d, want 0 or 1", call.Method, ErrInvalidResponse, payload[0])
}

func decodeFailure(call *Call, metadata, payload []byte) ([]byte, error) {
	if len(payload) == 0 {
		return nil, fmt.Errorf("%s: response: %w: no error variant", call.Method, ErrInvalidResponse)
	}
	switch payload[0] {
	case errUser:
		if !call.Method.Fallible {
			return nil, fmt.Errorf("%s: response: %w: declared error of a method that declares none", call.Method, ErrInvalidResponse)
		}
		call.Failed = true
		return payload[1:], nil
	case errUnknownMethod:
		return nil, &CallError{Method: call.Method.String(), Err: ErrUnknownMethod}
	case errInvalidPayload:
		return nil, &CallError{Method: call.Method.String(), Err: ErrInvalidPayload}
	case errCancelled:
		if text, ok := wire.FindString(metadata, MetadataError); ok {
			return nil, &CallError{Method: call.Method.String(), Err: &RemoteError{Message: text}}
		}
		return nil, &CallError{Method: call.Method.String(), Err: ErrCancelled}
	}
	return nil, fmt.Errorf("%s: response: %w: error variant %d, want 0 to 3", call.Method, ErrInvalidResponse, payload[0])
}

// NoService is the dispatcher of a side that serves nothing.
var NoService Dispatcher = noService{}

type noService struct{}

func (noService) Prepare(*Incoming) (Invocation, error) { return nil, ErrUnknownMethod }

// DispatcherFunc lets a function be a Dispatcher.
type DispatcherFunc func(in *Incoming) (Invocation, error)

// Prepare calls f.
func (f DispatcherFunc) Prepare(in *Incoming) (Invocation, error) { return f(in) }

// InvocationFunc lets a function be an Invocation.
type InvocationFunc func(ctx context.Context, reply *Reply)

// Invoke calls f.
func (f InvocationFunc) Invoke(ctx context.Context, reply *Reply) { f(ctx, reply) }

// IsUnknownMethod says whether err, as Prepare returned it, means that no such
// method exists.
func IsUnknownMethod(err error) bool { return errors.Is(err, ErrUnknownMethod) }
