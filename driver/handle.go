package driver

import (
	"context"
	"fmt"

	"github.com/roam-rpc/roam-go/handshake"

	roam "github.com/roam-rpc/roam-go"
)

// Handle makes calls over one connection. It is a roam.Caller; any number of
// goroutines may use it at once. Calls need the connection's Driver to run.
type Handle struct{ c *conn }

var _ roam.Caller = (*Handle)(nil)

// Do sends the call and waits for its Response; see roam.Caller.
func (h *Handle) Do(ctx context.Context, call *roam.Call) error { return h.c.do(ctx, call) }

// Limits are what holds on the connection.
func (h *Handle) Limits() handshake.Negotiated { return h.c.core.Limits() }

// Err is why the connection ended, nil while it lives.
func (h *Handle) Err() error { return h.c.err() }

// Done is closed when the connection has ended and its transport is closed; handlers
// may still be on their way out.
func (h *Handle) Done() <-chan struct{} { return h.c.idle }

// Close ends the connection: calls in flight and open channels fail with an error
// that is ErrClosed and roam.ErrConnection, handlers' contexts end. Requests that are
// being served get up to a second to be answered first. It waits until the transport
// is closed, or ctx ends.
func (h *Handle) Close(ctx context.Context) error {
	return h.c.shut(ctx, &roam.ConnectionError{Err: ErrClosed})
}

// Goodbye is Close that tells the peer why.
func (h *Handle) Goodbye(ctx context.Context, reason string) error {
	return h.c.shut(ctx, &roam.ConnectionError{Reason: reason, Err: ErrClosed})
}

func (c *conn) shut(ctx context.Context, why error) error {
	c.settle(ctx)
	c.fail(why)
	select {
	case <-c.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settle lets requests that are being served be answered and what is queued go out,
// as long as ctx and closeWait allow.
func (c *conn) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, closeWait)
	defer cancel()
	w := newWaiter(func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		n := c.core.Counts()
		return n.Serving == 0 && n.Outbox == 0
	})
	w.every = idTick
	_ = c.await(ctx, w) // what takes longer is cut off
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
	stop := context.AfterFunc(ctx, func() { c.fail(fmt.Errorf("%w: %v", ErrClosed, context.Cause(ctx))) })
	defer stop()
	c.takeDuty()
	<-c.idle
	c.work.Wait()
	c.workers.wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.err(); !orderly(err) {
		return err
	}
	return nil
}
