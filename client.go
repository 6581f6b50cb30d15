package roam

import (
	"context"
	"fmt"
	"time"

	"github.com/roam-rpc/roam-go/wire"
)

// ClientOption is an option of a generated client.
type ClientOption func(*client)

// client is the Caller of a client that has options.
type client struct {
	caller       Caller
	timeout      time.Duration
	metadata     Metadata
	interceptors []Interceptor
}

// WithClientInterceptor runs i around every call of the client, inside of those that
// options before this one gave.
func WithClientInterceptor(i Interceptor) ClientOption {
	return func(c *client) { c.interceptors = append(c.interceptors, i) }
}

// WithCallTimeout gives every call of the client a deadline, d from its start, unless its
// context has an earlier one.
func WithCallTimeout(d time.Duration) ClientOption { return func(c *client) { c.timeout = d } }

// WithCallMetadata sends md with every call of the client, after what the context carries.
func WithCallMetadata(md ...wire.Entry) ClientOption {
	return func(c *client) { c.metadata = append(c.metadata, md...) }
}

// NewClient gives a Caller that calls through caller with options. It is for generated
// clients.
func NewClient(caller Caller, options []ClientOption) Caller {
	if len(options) == 0 {
		return caller
	}
	c := &client{caller: caller}
	for _, o := range options {
		o(c)
	}
	return c
}

// Do implements [Caller].
func (c *client) Do(ctx context.Context, call *Call) error {
	if len(c.metadata) > 0 {
		ctx = WithMetadata(ctx, c.metadata...)
	}
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	done := false
	err := intercept(ctx, call.Method, c.interceptors, func(ctx context.Context) error {
		err := c.caller.Do(ctx, call)
		done = err == nil
		return err
	})
	if err == nil && !done {
		return fmt.Errorf("%s: %w", call.Method, errNoOutcome)
	}
	return err
}
