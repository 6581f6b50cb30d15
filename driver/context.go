package driver

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// requestContext is the context of a request that came with metadata, and the roam.Request
// in it. It is made for one request and never used again: a program may keep it for as long
// as it likes. What costs a channel and a timer has memory of its own.
type requestContext struct {
	c    *conn
	came requestExtras

	mu    sync.Mutex
	ended ended
	done  *doneContext // once Done was called
}

// requestExtras are what came with a request beside its arguments.
type requestExtras struct {
	metadata []byte    // a copy: the message's bytes are gone when the handler runs
	small    [32]byte  // holds the copy when it is no more than a deadline
	deadline time.Time // zero when there is none
}

// doneContext is the context that Done, Value and Err go to, one of the standard library:
// contexts derived from the handler's recognise it, and cost no goroutine then.
type doneContext struct {
	context.Context
	cancel context.CancelFunc
}

// newDoneContext makes one with a deadline, unless that is zero.
func newDoneContext(deadline time.Time) *doneContext {
	d := new(doneContext)
	if deadline.IsZero() {
		d.Context, d.cancel = context.WithCancel(context.Background())
	} else {
		d.Context, d.cancel = context.WithDeadline(context.Background(), deadline)
	}
	return d
}

// ended is why a context ended.
type ended uint8

const (
	live ended = iota
	cancelled
	late
)

func (e ended) err() error {
	switch e {
	case cancelled:
		return context.Canceled
	case late:
		return context.DeadlineExceeded
	}
	return nil
}

// How many contexts are allocated at once: more each time, so that a connection with few
// requests stays small.
const (
	leastSlab = 8
	mostSlab  = 256
)

// slab is memory for contexts, which are made for one request after another and not used
// again.
type slab struct {
	left []requestContext
	size int
}

func (s *slab) take() *requestContext {
	if len(s.left) == 0 {
		s.size = min(max(leastSlab, 2*s.size), mostSlab)
		s.left = make([]requestContext, s.size)
	}
	one := &s.left[0]
	s.left = s.left[1:]
	return one
}

// newContext makes the context of the request that s serves. The caller holds the role.
func (s *served) newContext(metadata []byte) context.Context {
	if _, bare := s.ctx.(*bareContext); bare && len(metadata) <= 1 { // nearly always
		if b := s.bare.next(); b != nil {
			return b
		}
	}
	if len(metadata) > 1 || asked(s.ctx) {
		return s.c.newRequestContext(metadata)
	}
	return s.newBareContext()
}

// asked says whether Done of a context was called: that of the next request is expected to
// be, too.
func asked(ctx context.Context) bool {
	switch ctx := ctx.(type) {
	case *bareContext:
		return ctx.asked()
	case *requestContext:
		ctx.mu.Lock()
		defer ctx.mu.Unlock()
		return ctx.done != nil
	}
	return false
}

// endContext ends the context of a request, if it has not ended.
func endContext(ctx context.Context) {
	switch ctx := ctx.(type) {
	case *bareContext:
		ctx.end()
	case *requestContext:
		ctx.end()
	}
}

// newRequestContext makes the context of a request with this metadata. The caller holds the
// role.
func (c *conn) newRequestContext(metadata []byte) *requestContext {
	r := c.contexts.take()
	r.c = c
	r.came.metadata = append(r.came.small[:0], metadata...)
	if left, ok := wire.FindU64(metadata, roam.MetadataTimeout); ok && left <= math.MaxInt64 {
		r.came.deadline = time.Now().Add(time.Duration(left))
	}
	return r
}

// Deadline is the caller's deadline, as far as it gave one.
func (r *requestContext) Deadline() (time.Time, bool) {
	return r.came.deadline, !r.came.deadline.IsZero()
}

// Done is closed when the caller cancels, its deadline passes, the connection ends, or
// the handler has returned and the answer is out.
func (r *requestContext) Done() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done == nil {
		deadline := r.came.deadline
		if r.ended == cancelled {
			deadline = time.Time{} // nothing that may have passed since
		}
		r.done = newDoneContext(deadline)
		if r.ended != live {
			r.done.cancel()
		}
	}
	return r.done.Done()
}

// Err is why the context ended, nil before.
func (r *requestContext) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look()
	return r.ended.err()
}

// look finds out whether the context has ended by itself.
func (r *requestContext) look() {
	if r.ended != live {
		return
	}
	if r.done != nil {
		switch r.done.Err() {
		case context.Canceled:
			r.ended = cancelled
		case context.DeadlineExceeded:
			r.ended = late
		}
	} else if deadline, ok := r.Deadline(); ok && !time.Now().Before(deadline) {
		r.ended = late
	}
}

// end ends the context, if it has not.
func (r *requestContext) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look()
	if r.ended == live {
		r.ended = cancelled
	}
	if r.done != nil {
		r.done.cancel()
	}
}

// Value gives the request itself under roam.RequestKey.
func (r *requestContext) Value(key any) any {
	if key == (roam.RequestKey{}) {
		return roam.Request(r)
	}
	r.mu.Lock()
	done := r.done
	r.mu.Unlock()
	if done == nil {
		return nil
	}
	return done.Value(key)
}

// Metadata decodes the request's metadata; it was checked when it came.
func (r *requestContext) Metadata() roam.Metadata {
	md, err := wire.DecodeMetadata(r.came.metadata)
	if err != nil {
		return nil
	}
	return md
}

// Caller calls back over the same connection.
func (r *requestContext) Caller() roam.Caller { return &Handle{r.c} }
