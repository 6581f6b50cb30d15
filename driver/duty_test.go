package driver

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/internal/transporttest"

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

// summing is a Testbed whose Sum tells before it receives, and goes on when it may.
type summing struct {
	testbed.Service
	called func()
}

func (s *summing) Sum(ctx context.Context, values *roam.Rx[int32]) (int64, error) {
	s.called()
	return s.Service.Sum(ctx, values)
}

// sumOnce calls Sum with a stream of one item, which is sent after called if that is not nil:
// a request that comes together with more is not run by who received it.
func sumOnce(bed *testbed.TestbedClient, called chan struct{}) error {
	tx, rx := roam.Channel[int32]()
	sent := make(chan error, 1)
	go func() {
		defer tx.Close()
		if called != nil {
			<-called
		}
		sent <- tx.Send(context.Background(), 7)
	}()
	sum, err := bed.Sum(context.Background(), rx)
	if err == nil && sum != 7 {
		err = fmt.Errorf("the sum is %d", sum)
	}
	return errors.Join(err, <-sent)
}

// paceOfSum is what a connection expects of Sum's handlers.
func paceOfSum(c *conn) *atomic.Int32 {
	methods := testbed.TestbedDescriptor.Methods
	i := slices.IndexFunc(methods, func(m *roam.Method) bool { return m.Name == "Sum" })
	return c.paces.of(methods[i].ID)
}

func TestHandlersOfStreamsRunOnTheGoroutineThatReceived(t *testing.T) {
	const calls = 50
	a, b := connectPipe(t, 4)
	own, called := 0, make(chan struct{})
	b.c.dispatch = testbed.NewTestbedDispatcher(&summing{called: func() {
		if b.c.onDuty() {
			own++
		}
		called <- struct{}{}
	}})
	for range calls {
		paceOfSum(b.c).Store(0) // also where one was interrupted
		require.NoError(t, sumOnce(testbed.NewTestbedClient(a), called))
	}
	assert.Greater(t, own, calls/2)
}

// TestAHandlerOfAStreamThatDoesNotReceiveHoldsUpNobody, nor do those that follow it.
func TestAHandlerOfAStreamThatDoesNotReceiveHoldsUpNobody(t *testing.T) {
	a, b := connectPipe(t, 4)
	var own atomic.Bool
	began, goOn := make(chan bool, 1), make(chan struct{})
	b.c.dispatch = testbed.NewTestbedDispatcher(&summing{called: func() {
		onDuty := b.c.onDuty()
		if own.Load() {
			return
		}
		own.Store(onDuty)
		began <- onDuty
		if onDuty {
			<-goOn
		}
	}})
	bed, summed := testbed.NewTestbedClient(a), make(chan error)
	for onDuty := false; !onDuty; {
		go func() { summed <- sumOnce(bed, nil) }()
		if onDuty = <-began; !onDuty {
			require.NoError(t, <-summed)
		}
	}
	for range 10 { // while it waits
		_, err := bed.Add(context.Background(), 1, 2)
		require.NoError(t, err)
	}
	close(goOn)
	require.NoError(t, <-summed)
	require.Eventually(t, func() bool { return paceOfSum(b.c).Load() < 0 }, waitLimit, waitTick, "it counts as one that receives by itself")
	for range -notBrisk {
		require.NoError(t, sumOnce(bed, nil)) // on goroutines of their own
	}
	require.Zero(t, paceOfSum(b.c).Load(), "it is never tried again")
}

// TestWhoReceivesByItselfIsNotRelieved by the caretaker, however long its handler takes.
func TestWhoReceivesByItselfIsNotRelieved(t *testing.T) {
	end, _ := transporttest.New(4)
	handle, _ := pipeConn(end, Acceptor)
	c, d := handle.c, &duty{away: 5}
	c.duty.Store(d)
	for range 5 {
		require.True(t, c.lapsed(), "it is looked at again")
		require.True(t, c.onDuty())
		require.True(t, c.tryRole())
		if c.role.held.Store(false); d.looked == 5 {
			continue // received, and left the role
		}
		require.Equal(t, uint32(5), d.looked)
	}
	require.True(t, c.tryRole())
	require.True(t, c.lapsed())
	require.True(t, c.lapsed())
	require.True(t, c.onDuty(), "it holds the role")
	require.False(t, d.late.Load())
	c.role.held.Store(false)
	c.workers.close() // nobody takes the duty
	c.lapsed()
	assert.Zero(t, d.away)
	assert.True(t, d.late.Load())
}

// TestWhoseUserStaysAwayHearsOfThePeer: the caller of a stream leaves receiving to who uses
// the channel, and nobody does.
func TestWhoseUserStaysAwayHearsOfThePeer(t *testing.T) {
	a, b := connectPipe(t, 4)
	a.c.dispatch = testbed.NewTestbedDispatcher(&testbed.Service{})
	tx, rx := roam.Channel[int32]()
	summed := make(chan error, 1)
	go func() {
		_, err := testbed.NewTestbedClient(a).Sum(context.Background(), rx)
		summed <- err
	}()
	for range 10 {
		sum, err := testbed.NewTestbedClient(b).Add(context.Background(), 1, 2)
		require.NoError(t, err)
		require.EqualValues(t, 3, sum)
	}
	tx.Close()
	require.NoError(t, <-summed)
}
