package roam

import (
	"context"
	"fmt"
	"sync"

	"github.com/roam-rpc/roam-go/wire"
)

// Caller sends calls over one connection. Do may be called by any number of
// goroutines at once.
type Caller interface {
	// Do sends the Request and waits for its Response, until ctx ends. It returns nil
	// when the method succeeded; its declared error, as the handler's side encoded it,
	// when it failed with that; ctx's error when ctx ended first; and else why the call
	// failed. After Do the call may only be read and released.
	//
	// A call that passes channels gets their ids first, all at once: Do gives them to
	// [Call.Opened], which encodes the arguments.
	Do(ctx context.Context, call *Call) error
}

// Call is one call on its way: what a client encodes and what comes back. Generated
// clients make one a call; it is not for use by several goroutines.
type Call struct {
	// Method says what is called.
	Method *Method
	// Args is the argument tuple. Clients encode into it before Do, or, for a call that
	// passes channels, when the channels have ids; see [Call.EncodeWith].
	Args wire.Encoder
	// Result holds the result when Do returned nil, for clients to decode, before
	// Release.
	Result wire.Decoder
	// ResultMetadata is the encoded metadata list of the Response, valid until Release; it may
	// be empty.
	ResultMetadata []byte
	// Driver belongs to the connection that the call goes through, and is told when the call
	// is released. A new call may have what the connection of an earlier one left.
	Driver Releaser

	passed []Passed
	ids    []uint64
	next   int // of ids, the next that ChannelID appends
	encode func(*Call)
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
	// Released says that nobody uses the call or its Result any more. With true it stays
	// with the Call for the next one, and is told so again even if that did not use it.
	Released() bool
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
	if c.Driver != nil && !c.Driver.Released() {
		c.Driver = nil
	}
	args, _ := c.Args.Parts()
	c.Args.Reset(reuse(args))
	c.Method, c.encode = nil, nil
	c.Result, c.ResultMetadata = wire.Decoder{}, nil
	c.passed, c.ids, c.next = c.passed[:0], c.ids[:0], 0
	calls.Put(c)
}

func reuse(b []byte) []byte {
	if cap(b) > keptBuffer {
		return nil
	}
	return b[:0]
}

// Finish says, after the result was decoded, whether it was one of the method
// ([ErrInvalidResponse] if not).
func (c *Call) Finish() error {
	if err := c.Result.Finish(); err != nil {
		return fmt.Errorf("%s: %w: %w", c.Method, ErrInvalidResponse, err)
	}
	return nil
}

// EncodeWith sets what encodes the arguments of a call that passes channels, whose ids
// are part of the arguments: it runs within Do. encode appends the id of each passed
// end by [Call.ChannelID].
func (c *Call) EncodeWith(encode func(*Call)) { c.encode = encode }

// ChannelID appends the id of the next passed end as an argument.
func (c *Call) ChannelID() {
	c.Args.U64(c.ids[c.next])
	c.next++
}

// Passed lists the channel ends that the arguments pass, in argument order. It is
// for implementations of [Caller].
func (c *Call) Passed() []Passed { return c.passed }

// Opened tells the ids of the passed ends, in the order of Passed, and encodes the
// arguments. It is for implementations of [Caller], which call it once.
func (c *Call) Opened(ids []uint64) {
	c.ids = append(c.ids[:0], ids...)
	if c.encode != nil {
		c.encode(c)
	}
}
