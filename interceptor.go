package roam

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Interceptor runs around calls of a client or requests of a dispatcher, streams
// included: next makes the call, or runs the handler, and returns its outcome, the
// declared error as its own type. What the interceptor returns is the outcome.
//
// The metadata of a request that is served is [IncomingMetadata] of ctx. A client's
// interceptor adds metadata by giving next a context made by [WithMetadata]. A call
// with channels lasts from before they are open until its Response, a request with
// channels until its handler returns.
//
// next may be left out, with an error returned instead. A second next fails, and an
// interceptor that returns nil where there was no success fails the call. One that
// returns while its next still runs is waited for: to give up, end the context of next.
// Interceptors may run for any number of calls at once; around a method that is Inline
// they must not block.
type Interceptor func(ctx context.Context, m *Method, next func(context.Context) error) error

var (
	errNoOutcome = errors.New("an interceptor returned no error for a call that did not succeed")
	errNextTwice = errors.New("an interceptor called next twice, or when it had returned")
)

// intercept runs interceptors, the first outermost, around last.
func intercept(ctx context.Context, m *Method, interceptors []Interceptor, last func(context.Context) error) error {
	if len(interceptors) == 0 {
		return last(ctx)
	}
	var n inner
	defer n.end()
	return interceptors[0](ctx, m, func(ctx context.Context) error {
		if !n.begin() {
			return fmt.Errorf("%s: %w", m, errNextTwice)
		}
		defer n.running.Unlock()
		return intercept(ctx, m, interceptors[1:], last)
	})
}

// inner is what one interceptor runs around: at most once, and not after it. It uses
// memory that is used again when the call is over.
type inner struct {
	running sync.Mutex // held while it runs
	over    bool       // it has begun, or must not any more; guarded by running
}

// begin says whether it may run; running is then to be unlocked after it.
func (n *inner) begin() bool {
	n.running.Lock()
	if n.over {
		n.running.Unlock()
		return false
	}
	n.over = true
	return true
}

// end waits until it does not run, and keeps it from beginning.
func (n *inner) end() {
	n.running.Lock()
	defer n.running.Unlock()
	n.over = true
}
