package roam

import (
	"context"
	"sync"

	"github.com/roam-rpc/roam-go/wire"
)

// Method describes one method of a service, as both sides know it.
// It is made once and shared; nothing changes it after that.
type Method struct {
	// ID is the method id both sides compute from names and types.
	ID uint64
	// Service and Name are for error texts and tools.
	Service, Name string
	// Fallible says that the method declares an error type: only then may a
	// Response carry the User variant.
	Fallible bool
}

// String is "Service.Name".
func (m *Method) String() string { return m.Service + "." + m.Name }

// Caller sends calls over one connection. Every method may be called by any number
// of goroutines at once; both block until they are done or ctx ends.
type Caller interface {
	// Open gives each channel end that the call passes its id: all at once, or it
	// waits holding none. It is needed only by calls that pass channels, before
	// their arguments are encoded, because the ids are part of the arguments.
	Open(ctx context.Context, call *Call) error
	// Do sends the Request and waits for its Response. It returns nil when the
	// method succeeded or failed with its declared error (see [Call.Failed]),
	// ctx's error when ctx ended first, and else why the call failed. After Do the
	// call may only be read and released.
	Do(ctx context.Context, call *Call) error
}

// Call is one call on its way: what a client encodes and what comes back. Generated
// clients make one a call; it is not for use by several goroutines.
type Call struct {
	// Method says what is called.
	Method *Method
	// Args is the encoded argument tuple; clients append to it.
	Args []byte
	// Metadata is sent with the Request, after that of the context.
	Metadata Metadata
	// Result holds the encoded result, or the encoded declared error when Failed.
	// It is valid until Release.
	Result []byte
	// ResultMetadata is the encoded metadata list of the Response, valid until Release.
	ResultMetadata []byte
	// Failed says that Result is the method's declared error.
	Failed bool
	// Driver belongs to the connection that the call goes through; what implements
	// Releaser is told when the call is released.
	Driver any

	passed []Passed
	ids    []uint64
}

var calls = sync.Pool{New: func() any { return new(Call) }}

// NewCall returns an empty call of method m. Release it when its result is decoded.
func NewCall(m *Method) *Call {
	c := calls.Get().(*Call)
	c.Method = m
	return c
}

// Releaser is a connection's part of a call.
type Releaser interface {
	// Released says that nobody uses the call or its Result any more.
	Released()
}

// keptBuffer is the size in bytes up to which a released buffer is kept for reuse.
const keptBuffer = 64 << 10

// Release ends the use of the call and of its Result. Channel ends that were passed
// and never sent end with [ErrNotSent].
func (c *Call) Release() {
	for i := range c.passed {
		c.passed[i].Fail(ErrNotSent)
		c.passed[i] = Passed{}
	}
	if r, ok := c.Driver.(Releaser); ok {
		r.Released()
	}
	kept := Call{Args: reuse(c.Args)}
	kept.passed, kept.ids = c.passed[:0], c.ids[:0]
	*c = kept
	calls.Put(c)
}

func reuse(b []byte) []byte {
	if cap(b) > keptBuffer {
		return nil
	}
	return b[:0]
}

// Passed lists the channel ends that the arguments pass, in argument order. It is
// for implementations of [Caller].
func (c *Call) Passed() []Passed { return c.passed }

// SetChannelIDs records the ids of the passed ends, in the order of Passed. It is
// for implementations of [Caller].
func (c *Call) SetChannelIDs(ids []uint64) { c.ids = append(c.ids[:0], ids...) }

// AppendChannelID appends the id of passed end i as an argument. It panics when the
// call was not opened: encoding before Open is a fault of the client's code.
func (c *Call) AppendChannelID(i int) { c.Args = wire.AppendU64(c.Args, c.ids[i]) }
