package driver

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// requestContext is a handler's context, and the roam.Request in it. It is made for
// one request and never used again: a program may keep it for as long as it likes.
//
// What costs memory, a channel and a timer, is made when somebody first asks for it.
type requestContext struct {
	c        *conn
	metadata []byte    // a copy: the message's bytes are gone when the handler runs
	small    [32]byte  // holds the copy when it is no more than a deadline
	deadline time.Time // zero when there is none

	mu     sync.Mutex
	err    error           // why it ended, nil before
	inner  context.Context // what Done, Value and Err go to once Done was called
	cancel context.CancelFunc
}

// How many contexts are allocated at once: more each time, so that a connection with few
// requests stays small.
const (
	leastSlab = 8
	mostSlab  = 256
)

// newContext makes the context of a request with this metadata. The caller holds the
// role.
func (c *conn) newContext(metadata []byte) *requestContext {
	if len(c.contexts) == 0 {
		c.slab = min(max(leastSlab, 2*c.slab), mostSlab)
		c.contexts = make([]requestContext, c.slab)
	}
	r := &c.contexts[0]
	c.contexts = c.contexts[1:]
	r.c = c
	if len(metadata) > 1 {
		r.metadata = append(r.small[:0], metadata...)
		if left, ok := wire.FindU64(metadata, roam.MetadataTimeout); ok && left <= math.MaxInt64 {
			r.deadline = time.Now().Add(time.Duration(left))
		}
	}
	return r
}

// Deadline is the caller's deadline, as far as it gave one.
func (r *requestContext) Deadline() (time.Time, bool) { return r.deadline, !r.deadline.IsZero() }

// Done is closed when the caller cancels, its deadline passes, the connection ends, or
// the handler has returned and the answer is out.
func (r *requestContext) Done() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inner == nil {
		r.makeInner()
	}
	return r.inner.Done()
}

// makeInner makes a context of the standard library, which contexts derived from this
// one recognise: they then cost no goroutine.
func (r *requestContext) makeInner() {
	if r.deadline.IsZero() || r.err == context.Canceled {
		r.inner, r.cancel = context.WithCancel(context.Background())
	} else {
		r.inner, r.cancel = context.WithDeadline(context.Background(), r.deadline)
	}
	if r.err != nil {
		r.cancel()
	}
}

// Err is why the context ended, nil before.
func (r *requestContext) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.look()
	}
	return r.err
}

// look finds out whether the context has ended by itself.
func (r *requestContext) look() {
	switch {
	case r.inner != nil:
		r.err = r.inner.Err()
	case !r.deadline.IsZero() && !time.Now().Before(r.deadline):
		r.err = context.DeadlineExceeded
	}
}

// end ends the context, if it has not.
func (r *requestContext) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.look()
	}
	if r.err == nil {
		r.err = context.Canceled
	}
	if r.cancel != nil {
		r.cancel()
	}
}

// Value gives the request itself under roam.RequestKey.
func (r *requestContext) Value(key any) any {
	if key == (roam.RequestKey{}) {
		return roam.Request(r)
	}
	r.mu.Lock()
	inner := r.inner
	r.mu.Unlock()
	if inner == nil {
		return nil
	}
	return inner.Value(key)
}

// Metadata decodes the request's metadata; it was checked when it came.
func (r *requestContext) Metadata() roam.Metadata {
	md, err := wire.DecodeMetadata(r.metadata)
	if err != nil {
		return nil
	}
	return md
}

// Caller calls back over the same connection.
func (r *requestContext) Caller() roam.Caller { return &Handle{r.c} }
