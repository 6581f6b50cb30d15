package roam

import (
	"context"
	"errors"
	"fmt"
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
// interceptor that returns nil where there was no success fails the call. Interceptors
// may run for any number of calls at once; around a method that is Inline they must
// not block.
type Interceptor func(ctx context.Context, m *Method, next func(context.Context) error) error

var (
	errNoOutcome = errors.New("an interceptor returned no error for a call that did not succeed")
	errNextTwice = errors.New("an interceptor called next twice")
)

// intercept runs interceptors, the first outermost, around last.
func intercept(ctx context.Context, m *Method, interceptors []Interceptor, last func(context.Context) error) error {
	if len(interceptors) == 0 {
		return last(ctx)
	}
	called := false
	return interceptors[0](ctx, m, func(ctx context.Context) error {
		if called {
			return fmt.Errorf("%s: %w", m, errNextTwice)
		}
		called = true
		return intercept(ctx, m, interceptors[1:], last)
	})
}
