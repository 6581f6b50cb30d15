package driver

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	roam "github.com/roam-rpc/roam-go"
)

// brisken has a connection expect that the method of anyMethod returns soon.
func brisken(c *conn) { c.paces.of(1).Store(briskAfter) }

// onDuty says, in a handler, that the goroutine which received its request runs it.
func (c *conn) onDuty() bool { return atomic.LoadUint32(&c.duty.Load().away) != 0 }

func TestShortHandlersRunOnTheGoroutineThatReceived(t *testing.T) {
	const calls = 50
	a, b := connectPipe(t, 4)
	own := 0
	b.c.dispatch = plainMethod(func(r *roam.Reply) {
		if b.c.onDuty() {
			own++
		}
		r.Succeed()
	})
	for range calls {
		brisken(b.c) // also where one was interrupted
		require.NoError(t, callOnce(a))
	}
	assert.Greater(t, own, calls/2)
}

// TestAHandlerThatIsNotShortAfterAllHoldsUpNobody, whatever it waits for.
func TestAHandlerThatIsNotShortAfterAllHoldsUpNobody(t *testing.T) {
	waits := map[string]func(ctx context.Context, back *Handle, goOn chan struct{}) error{
		"for another handler":   func(_ context.Context, _ *Handle, goOn chan struct{}) error { <-goOn; return nil },
		"for its context":       func(ctx context.Context, _ *Handle, _ chan struct{}) error { <-ctx.Done(); return ctx.Err() },
		"for a call of its own": func(_ context.Context, back *Handle, _ chan struct{}) error { return callOnce(back) },
	}
	for name, wait := range waits {
		t.Run(name, func(t *testing.T) {
			a, b := connectPipe(t, 4)
			var calls atomic.Int32
			began, goOn := make(chan struct{}), make(chan struct{})
			b.c.dispatch = anyMethod(func(ctx context.Context, r *roam.Reply) {
				for first := calls.Add(1) == 1; first; first = false {
					if !b.c.onDuty() {
						calls.Store(0) // not yet: the goroutine did other things
						break
					}
					close(began)
					if wait(ctx, b, goOn) != nil {
						r.Fail(nil, context.Canceled)
						return
					}
				}
				r.Succeed()
			})
			a.c.dispatch = plainMethod(func(r *roam.Reply) {
				<-goOn
				r.Succeed()
			})
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			first := make(chan error, 1)
			go func() {
				for {
					brisken(b.c)
					call := roam.NewCall(&roam.Method{ID: 1, Service: "Any", Name: "Method"})
					err := a.Do(ctx, call)
					call.Release()
					select {
					case <-began:
						first <- err
						return
					default:
					}
				}
			}()
			<-began
			for range 10 { // while it waits
				require.NoError(t, callOnce(a))
			}
			if name == "for its context" {
				cancel()
				require.ErrorIs(t, <-first, context.Canceled)
				return
			}
			close(goOn)
			require.NoError(t, <-first)
		})
	}
}

// TestAShortHandlerThatEndsTheGoroutineLeavesTheConnectionAsItWas, though that one had
// received its request.
func TestAShortHandlerThatEndsTheGoroutineLeavesTheConnectionAsItWas(t *testing.T) {
	a, b := connectPipe(t, 4)
	var ended atomic.Int32
	b.c.dispatch = plainMethod(func(r *roam.Reply) {
		if b.c.onDuty() && ended.Add(1) <= 3 {
			runtime.Goexit()
		}
		r.Succeed()
	})
	for failed := int32(0); failed < 3; {
		brisken(b.c)
		if callOnce(a) != nil {
			failed++
			require.Equal(t, failed, ended.Load())
		}
	}
	require.NoError(t, callOnce(a))
}

// TestTheEndOfThePeerReachesAShortHandlerThatBlocks: nobody but its goroutine slept in the
// transport.
func TestTheEndOfThePeerReachesAShortHandlerThatBlocks(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		blocks := make(chan bool)
		x.handle.c.mu.Lock() // over shared memory no message orders this before the request
		x.handle.c.dispatch = anyMethod(func(ctx context.Context, r *roam.Reply) {
			onDuty := x.handle.c.onDuty()
			blocks <- onDuty
			if onDuty {
				<-ctx.Done()
			}
			r.Succeed()
		})
		x.handle.c.mu.Unlock()
		for id, blocked := uint64(1), false; !blocked; id++ {
			brisken(x.handle.c)
			require.True(t, x.raw.send(request(id, 1)))
			blocked = <-blocks
		}
		require.NoError(t, x.raw.tr.Close(context.Background()))
		<-x.handle.Done()
	})
}

// TestAShortHandlerMayCloseItsConnection, whose requests that are being served have their
// time to be answered.
func TestAShortHandlerMayCloseItsConnection(t *testing.T) {
	a, b := connectPipe(t, 4)
	var closed atomic.Bool
	b.c.dispatch = plainMethod(func(r *roam.Reply) {
		if b.c.onDuty() {
			closed.Store(true)
			assert.NoError(t, b.Close(context.Background()))
		}
		r.Succeed()
	})
	for !closed.Load() {
		brisken(b.c)
		_ = callOnce(a)
	}
	<-b.Done()
	require.ErrorIs(t, callOnce(a), roam.ErrConnection)
}

// TestAMethodThatWaitsIsNotTakenForShortAgain: its handler is relieved by its own call.
func TestAMethodThatWaitsIsNotTakenForShortAgain(t *testing.T) {
	a, b := connectPipe(t, 4)
	var own atomic.Bool
	goOn := make(chan struct{})
	b.c.dispatch = plainMethod(func(r *roam.Reply) {
		if b.c.onDuty() {
			own.Store(true)
			assert.NoError(t, callOnce(b))
		}
		r.Succeed()
	})
	a.c.dispatch = plainMethod(func(r *roam.Reply) {
		<-goOn
		r.Succeed()
	})
	for !own.Load() {
		brisken(b.c)
		called := make(chan error, 1)
		go func() { called <- callOnce(a) }()
		require.Eventually(t, func() bool { return len(called) > 0 || own.Load() && !b.c.onDuty() }, waitLimit, waitTick)
		if own.Load() {
			close(goOn)
		}
		require.NoError(t, <-called)
	}
	require.Eventually(t, func() bool { return !b.c.paces.brisk(1) }, waitLimit, waitTick)
}

func TestAMethodIsBriskAfterSeveralShortHandlers(t *testing.T) {
	var p paces
	brisk := func(d time.Duration) (after int) {
		for !p.brisk(7) {
			p.took(7, d)
			after++
		}
		return after
	}
	assert.Equal(t, briskAfter, brisk(briskTime))
	p.took(7+uint64(len(p)), 2*briskTime)
	assert.False(t, p.brisk(7), "methods that share a pace")
	assert.Greater(t, brisk(0), 10*briskAfter)
	p.took(7, 2*briskTime)
	p.took(8, 0)
	assert.False(t, p.brisk(7))
	assert.False(t, p.brisk(8))
}
