package driver

import (
	"context"

	"github.com/roam-rpc/roam-go/handshake"

	roam "github.com/roam-rpc/roam-go"
)

// Handle makes calls over one connection. It is a roam.Caller; any number of
// goroutines may use it at once. Calls need the connection's Driver to run.
type Handle struct{ c *conn }

var _ roam.Caller = (*Handle)(nil)

// Open gives the call's channels their ids; see roam.Caller.
func (h *Handle) Open(ctx context.Context, call *roam.Call) error { return h.c.open(ctx, call) }

// Do sends the call and waits for its Response; see roam.Caller.
func (h *Handle) Do(ctx context.Context, call *roam.Call) error { return h.c.do(ctx, call) }

// Limits are what holds on the connection.
func (h *Handle) Limits() handshake.Negotiated { return h.c.core.Limits() }

// Err is why the connection ended, nil while it lives.
func (h *Handle) Err() error { return h.c.err() }

// Done is closed when the connection has ended and let go of all it held.
func (h *Handle) Done() <-chan struct{} { return h.c.idle }

// Close ends the connection: calls in flight and open channels fail with an error
// that is ErrClosed and roam.ErrConnection, handlers' contexts end. It waits until the
// transport is closed, or ctx ends. Let what matters finish first.
func (h *Handle) Close(ctx context.Context) error {
	return h.c.shut(ctx, &roam.ConnectionError{Err: ErrClosed})
}

// Goodbye is Close that tells the peer why.
func (h *Handle) Goodbye(ctx context.Context, reason string) error {
	return h.c.shut(ctx, &roam.ConnectionError{Reason: reason, Err: ErrClosed})
}

func (c *conn) shut(ctx context.Context, why error) error {
	c.fail(why)
	select {
	case <-c.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Driver serves one connection.
type Driver struct{ c *conn }

// Run receives whenever nobody else does, until the connection ends or ctx does. It
// must be running for the connection to serve requests and to notice the peer's end.
// It returns when all handlers have returned and the transport is closed: nil after
// an orderly end (either side left), ctx's error, or a *roam.ConnectionError that
// says what went wrong. Call it once.
func (d *Driver) Run(ctx context.Context) error {
	c := d.c
	stop := context.AfterFunc(ctx, func() { c.fail(&roam.ConnectionError{Err: context.Cause(ctx)}) })
	defer stop()
	c.pump()
	<-c.idle
	c.work.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.err(); !orderly(err) {
		return err
	}
	return nil
}
