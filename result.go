package roam

import (
	"fmt"

	"github.com/roam-rpc/roam-go/wire"
)

// DecodeResult takes a Response apart: it leaves the result to be decoded in
// call.Result and returns nil, or returns the error that the answer stands for. owned says
// that nobody else writes to payload or uses it again, so that parts of it may be given
// away. It is for implementations of [Caller].
func (c *Call) DecodeResult(metadata, payload []byte, owned bool) error {
	c.ResultMetadata = metadata
	d := &c.Result
	d.Reset(payload, owned)
	if d.Remaining() == 0 {
		return c.invalid("empty payload")
	}
	switch tag := d.U8(); tag {
	case resultOK:
		return nil
	case resultErr:
		return c.failure()
	default:
		return c.invalid("result tag %d, want 0 or 1", tag)
	}
}

func (c *Call) failure() error {
	d := &c.Result
	if d.Remaining() == 0 {
		return c.invalid("no error variant")
	}
	switch variant := d.U8(); variant {
	case errUser:
		return c.declared()
	case errUnknownMethod:
		return &CallError{Method: c.Method.String(), Err: ErrUnknownMethod}
	case errInvalidPayload:
		return &CallError{Method: c.Method.String(), Err: ErrInvalidPayload}
	case errCancelled:
		if text, ok := wire.FindString(c.ResultMetadata, MetadataError); ok {
			return &CallError{Method: c.Method.String(), Err: &RemoteError{Message: text}}
		}
		return &CallError{Method: c.Method.String(), Err: ErrCancelled}
	default:
		return c.invalid("error variant %d, want 0 to 3", variant)
	}
}

// declared decodes the method's declared error.
func (c *Call) declared() error {
	if c.Method.DecodeError == nil {
		return c.invalid("declared error of a method that declares none")
	}
	err := c.Method.DecodeError(&c.Result)
	if fault := c.Finish(); fault != nil {
		return fault
	}
	if err == nil {
		return c.invalid("declared error that decodes to nil")
	}
	return err
}

func (c *Call) invalid(format string, values ...any) error {
	return fmt.Errorf("%s: response: %w: %s", c.Method, ErrInvalidResponse, fmt.Sprintf(format, values...))
}
