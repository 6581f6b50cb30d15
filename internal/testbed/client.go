package testbed

import (
	"context"

	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// Client calls a Testbed on the other side.
type Client struct{ caller roam.Caller }

// NewClient returns a client that calls through c.
func NewClient(c roam.Caller) *Client { return &Client{c} }

// unary encodes with encode, which may be nil, and decodes with decode.
func (c *Client) unary(ctx context.Context, m *roam.Method, encode func([]byte) []byte, decode func(*wire.Decoder)) error {
	call := roam.NewCall(m)
	defer call.Release()
	if encode != nil {
		call.Args = encode(call.Args)
	}
	return c.finish(ctx, call, decode)
}

func (c *Client) finish(ctx context.Context, call *roam.Call, decode func(*wire.Decoder)) error {
	if err := c.caller.Do(ctx, call); err != nil {
		return err
	}
	d := wire.NewDecoder(call.Result)
	if call.Failed {
		e := &CheckError{Code: d.U32()}
		if err := d.Finish(); err != nil {
			return err
		}
		return e
	}
	if decode != nil {
		decode(&d)
	}
	return d.Finish()
}

// Echo gives text back.
func (c *Client) Echo(ctx context.Context, text string) (reply string, err error) {
	err = c.unary(ctx, &methodEcho,
		func(b []byte) []byte { return wire.AppendString(b, text) },
		func(d *wire.Decoder) { reply = d.String() })
	return reply, err
}

// Reverse gives text back, its characters in reverse order.
func (c *Client) Reverse(ctx context.Context, text string) (reply string, err error) {
	err = c.unary(ctx, &methodReverse,
		func(b []byte) []byte { return wire.AppendString(b, text) },
		func(d *wire.Decoder) { reply = d.String() })
	return reply, err
}

// Add adds; its arguments and result have a fixed size, and nothing but the call
// itself allocates.
func (c *Client) Add(ctx context.Context, a, b uint64) (uint64, error) {
	return c.add(ctx, &methodAdd, a, b)
}

// Inline is Add, run on the goroutine that receives.
func (c *Client) Inline(ctx context.Context, a, b uint64) (uint64, error) {
	return c.add(ctx, &methodInline, a, b)
}

func (c *Client) add(ctx context.Context, m *roam.Method, a, b uint64) (uint64, error) {
	call := roam.NewCall(m)
	defer call.Release()
	call.Args = wire.AppendU64(wire.AppendU64(call.Args, a), b)
	if err := c.caller.Do(ctx, call); err != nil {
		return 0, err
	}
	d := wire.NewDecoder(call.Result)
	sum := d.U64()
	return sum, d.Finish()
}

// Bytes gives n bytes back that are made from data.
func (c *Client) Bytes(ctx context.Context, data []byte) (reply []byte, err error) {
	err = c.unary(ctx, &methodBytes,
		func(b []byte) []byte { return wire.AppendBytes(b, data) },
		func(d *wire.Decoder) { reply = d.Bytes() })
	return reply, err
}

// Check succeeds for 0 and fails with a *CheckError of that code otherwise.
func (c *Client) Check(ctx context.Context, code uint32) error {
	return c.unary(ctx, &methodCheck, func(b []byte) []byte { return wire.AppendU32(b, code) }, nil)
}

// Fail fails with an error that is not declared.
func (c *Client) Fail(ctx context.Context, text string) error {
	return c.unary(ctx, &methodFail, func(b []byte) []byte { return wire.AppendString(b, text) }, nil)
}

// Panic panics.
func (c *Client) Panic(ctx context.Context) error { return c.unary(ctx, &methodPanic, nil, nil) }

// Block returns when its context ends, with the context's error.
func (c *Client) Block(ctx context.Context) error { return c.unary(ctx, &methodBlock, nil, nil) }

// Missing calls a method that no Testbed has.
func (c *Client) Missing(ctx context.Context) error { return c.unary(ctx, &methodMissing, nil, nil) }

// Undecodable calls Echo with bytes that are no string.
func (c *Client) Undecodable(ctx context.Context) error {
	return c.unary(ctx, &methodEcho, func(b []byte) []byte { return append(b, 0xff, 0xff) }, nil)
}

// Nest has the handler call Nest back on this side, depth times in all.
func (c *Client) Nest(ctx context.Context, depth uint32) (calls uint32, err error) {
	err = c.unary(ctx, &methodNest,
		func(b []byte) []byte { return wire.AppendU32(b, depth) },
		func(d *wire.Decoder) { calls = d.U32() })
	return calls, err
}

// Meta gives back the String value of a key in the request's metadata.
func (c *Client) Meta(ctx context.Context, key string) (value string, err error) {
	err = c.unary(ctx, &methodMeta,
		func(b []byte) []byte { return wire.AppendString(b, key) },
		func(d *wire.Decoder) { value = d.String() })
	return value, err
}

// Drive plays a scenario on the other side, against this one.
func (c *Client) Drive(ctx context.Context, scenario string, n int) error {
	return c.unary(ctx, &methodDrive, func(b []byte) []byte {
		return wire.AppendU32(wire.AppendString(b, scenario), uint32(n))
	}, nil)
}

// Leave asks the other process to end its connection in order, soon after the answer.
func (c *Client) Leave(ctx context.Context) error { return c.unary(ctx, &methodLeave, nil, nil) }

// Exit ends the other process at once.
func (c *Client) Exit(ctx context.Context) error { return c.unary(ctx, &methodExit, nil, nil) }

// Sum adds the numbers of a stream.
func (c *Client) Sum(ctx context.Context, numbers *roam.Rx[int32]) (sum int64, err error) {
	call := roam.NewCall(&methodSum)
	defer call.Release()
	if err := roam.PassRx(call, numbers, wire.I32); err != nil {
		return 0, err
	}
	if err := c.caller.Open(ctx, call); err != nil {
		return 0, err
	}
	call.AppendChannelID(0)
	err = c.finish(ctx, call, func(d *wire.Decoder) { sum = d.I64() })
	return sum, err
}

// Generate sends 0 to count-1 on a stream.
func (c *Client) Generate(ctx context.Context, count uint32, numbers *roam.Tx[int32]) error {
	call := roam.NewCall(&methodGenerate)
	defer call.Release()
	if err := roam.PassTx(call, numbers, wire.I32); err != nil {
		return err
	}
	if err := c.caller.Open(ctx, call); err != nil {
		return err
	}
	call.Args = wire.AppendU32(call.Args, count)
	call.AppendChannelID(0)
	return c.finish(ctx, call, nil)
}

// Transform sends back each text in upper case.
func (c *Client) Transform(ctx context.Context, in *roam.Rx[string], out *roam.Tx[string]) error {
	call := roam.NewCall(&methodTransform)
	defer call.Release()
	if err := roam.PassRx(call, in, wire.String); err != nil {
		return err
	}
	if err := roam.PassTx(call, out, wire.String); err != nil {
		return err
	}
	if err := c.caller.Open(ctx, call); err != nil {
		return err
	}
	call.AppendChannelID(0)
	call.AppendChannelID(1)
	return c.finish(ctx, call, nil)
}

// Drain counts the bytes of a stream.
func (c *Client) Drain(ctx context.Context, data *roam.Rx[[]byte]) (bytes uint64, err error) {
	return c.upload(ctx, &methodDrain, data)
}

// Ignore returns at once without reading its stream.
func (c *Client) Ignore(ctx context.Context, data *roam.Rx[[]byte]) (bytes uint64, err error) {
	return c.upload(ctx, &methodIgnore, data)
}

func (c *Client) upload(ctx context.Context, m *roam.Method, data *roam.Rx[[]byte]) (bytes uint64, err error) {
	call := roam.NewCall(m)
	defer call.Release()
	if err := roam.PassRx(call, data, wire.Bytes); err != nil {
		return 0, err
	}
	if err := c.caller.Open(ctx, call); err != nil {
		return 0, err
	}
	call.AppendChannelID(0)
	err = c.finish(ctx, call, func(d *wire.Decoder) { bytes = d.U64() })
	return bytes, err
}

// Flood sends items of size bytes until total bytes are sent.
func (c *Client) Flood(ctx context.Context, total uint64, size uint32, data *roam.Tx[[]byte]) error {
	call := roam.NewCall(&methodFlood)
	defer call.Release()
	if err := roam.PassTx(call, data, wire.Bytes); err != nil {
		return err
	}
	if err := c.caller.Open(ctx, call); err != nil {
		return err
	}
	call.Args = wire.AppendU32(wire.AppendU64(call.Args, total), size)
	call.AppendChannelID(0)
	return c.finish(ctx, call, nil)
}
