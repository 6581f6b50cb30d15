package stream

import (
	"errors"
	"fmt"
	"io"

	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// spinRounds is how many looks of Poll one try to read costs: a system call against
// a look at memory.
const spinRounds = 16

// Receive gives the messages that lie in the input buffer, after one try to read when
// none does.
func (c *Conn) Receive(batch []transport.Arrival) (int, error) {
	n, err := c.receive(batch)
	return n, asFault(err)
}

// receive is Receive with the errors of package wire.
func (c *Conn) receive(batch []transport.Arrival) (int, error) {
	in := &c.in
	in.mu.Lock()
	defer in.mu.Unlock()
	in.release()
	if in.end < 0 && in.err == nil && c.raw != nil {
		c.raw.fill(in)
	}
	n := 0
	for n < len(batch) {
		frame, ok := in.take()
		if !ok {
			break
		}
		if err := c.decode(&batch[n], frame); err != nil {
			in.discard() // nothing behind a fault counts
			in.fail(err)
			break
		}
		n++
	}
	in.space.Signal()
	if n > 0 || in.end >= 0 {
		return n, nil
	}
	if in.err == nil && in.over() {
		in.fail(newSizeFault(kindOf(in.buf[in.r:in.w]), in.w-in.r, in.limit))
		in.discard()
	}
	return 0, in.err
}

// decode decodes frame in place.
func (c *Conn) decode(a *transport.Arrival, frame []byte) error {
	kind := kindOf(frame)
	raw, err := wire.DecodeFrame(frame[:0], frame)
	if err != nil {
		return err
	}
	if len(raw) > c.in.limit {
		return newSizeFault(kind, len(raw), c.in.limit)
	}
	m, err := wire.DecodeMessage(raw)
	if err != nil {
		return err
	}
	c.seq++
	*a = transport.Arrival{Message: m, Size: len(m.Payload), Seq: c.seq}
	return nil
}

// kindOf is the kind of the message whose encoded frame begins like this.
func kindOf(frame []byte) wire.Kind {
	if len(frame) < 2 || frame[0] == 1 {
		return wire.KindHello // the first byte is a zero
	}
	return wire.Kind(frame[1])
}

// sizeFault is a frame over the bound.
type sizeFault struct {
	kind wire.Kind
	*wire.FrameSizeError
}

func newSizeFault(kind wire.Kind, size, limit int) error {
	return &sizeFault{kind, &wire.FrameSizeError{Size: size, Limit: limit}}
}

func (f *sizeFault) Error() string { return f.kind.String() + " in a " + f.FrameSizeError.Error() }

func (f *sizeFault) Unwrap() error { return f.FrameSizeError }

// ruleOf is the rule that a message broke, empty for errors that are none of that.
func ruleOf(err error) string {
	var size *sizeFault
	var version *wire.UnknownHelloError
	var variant *wire.UnknownVariantError
	var decode *wire.DecodeError
	switch {
	case errors.As(err, &size) && size.kind == wire.KindData:
		return wire.RuleDataSizeLimit
	case size != nil:
		return wire.RulePayloadLimit
	case errors.As(err, &version):
		return wire.RuleHelloUnknownVersion
	case errors.As(err, &variant):
		return wire.RuleUnknownVariant
	case errors.As(err, &decode):
		return wire.RuleDecodeError
	}
	return ""
}

// isFault says that the peer broke a rule: the stream itself still works.
func isFault(err error) bool { return ruleOf(err) != "" }

// asFault names the rule that a message broke; other errors stay as they are.
func asFault(err error) error {
	if err == nil {
		return nil // ruleOf allocates
	}
	if rule := ruleOf(err); rule != "" {
		return &transport.Fault{Rule: rule, Detail: err.Error()}
	}
	return err
}

// Rest does nothing: nothing is put off.
func (c *Conn) Rest() {}

// Pending says that Receive would give something without reading more.
func (c *Conn) Pending() bool { return c.in.ready.Load() }

// Poll is Receive that tries to read a few times, where that cannot block.
func (c *Conn) Poll(batch []transport.Arrival, looks int) (int, error) {
	if looks > 0 && !c.spin(looks) {
		return 0, nil
	}
	return c.Receive(batch)
}

// spin tries to read for so many looks, and reports whether Pending.
func (c *Conn) spin(n int) bool {
	if c.raw == nil {
		return c.Pending()
	}
	for ; n > 0 && !c.Pending(); n -= spinRounds {
		c.in.mu.Lock()
		c.raw.fill(&c.in)
		c.in.mu.Unlock()
	}
	return c.Pending()
}

// readEnd is what the end of reading means. partial is how much of a frame is there.
func readEnd(err error, partial int) error {
	switch {
	case err != io.EOF:
		return fmt.Errorf("stream: read: %w", err)
	case partial > 0:
		return fmt.Errorf("stream: connection closed by the other side after %d bytes of a frame: %w", partial, io.ErrUnexpectedEOF)
	}
	return ErrPeerClosed
}
