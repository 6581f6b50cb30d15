package driver

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/internal/transporttest"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// TestLongMessageIsCopiedWithoutTheLock holds one while it is copied. Meanwhile the core
// decides and the connection receives; what was decided goes out first, then the others.
func TestLongMessageIsCopiedWithoutTheLock(t *testing.T) {
	a, b := transporttest.New(64)
	var staged []string
	held, goOn := make(chan struct{}), make(chan struct{})
	var hold sync.Once
	a.Staging = func(m *wire.Message) {
		what := m.Kind.String()
		if m.PayloadSize() > brief {
			what = "long " + what
			hold.Do(func() { close(held); <-goOn })
		}
		staged = append(staged, what) // in its turn
	}
	client, other := runPipe(t, a, b)

	blocked, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { first <- client.Block(blocked) }()
	require.Eventually(t, func() bool { return serving(other) == 1 }, waitLimit, waitTick)
	long := make([]byte, brief+1)
	var calls sync.WaitGroup
	calls.Go(func() {
		back, err := client.Bytes(t.Context(), long)
		assert.NoError(t, err)
		assert.Equal(t, long, back)
	})
	<-held
	for range 8 {
		calls.Go(func() {
			sum, err := client.Add(t.Context(), 2, 3)
			assert.NoError(t, err)
			assert.EqualValues(t, 5, sum)
		})
	}
	cancel() // its Cancel waits for the turn, and it for nobody
	require.ErrorIs(t, <-first, context.Canceled)
	close(goOn)
	calls.Wait()

	// It was put back for the Cancel.
	require.Equal(t, []string{"Request", "long Request", "Cancel", "long Request"}, staged[:4])
}

// serving is how many requests of the peer are in flight.
func serving(h *Handle) int {
	h.c.mu.Lock()
	defer h.c.mu.Unlock()
	return h.c.core.Counts().Serving
}

// runPipe runs two connections joined by a pipe, each serving a Testbed, until the test ends.
func runPipe(t *testing.T, a, b *transporttest.End) (*testbed.Client, *Handle) {
	handle, runA := pipeConn(a, Initiator)
	other, runB := pipeConn(b, Acceptor)
	var running sync.WaitGroup
	for _, run := range []*Driver{runA, runB} {
		running.Go(func() { _ = run.Run(context.Background()) })
	}
	t.Cleanup(func() {
		require.NoError(t, handle.Close(context.Background()))
		running.Wait()
	})
	return testbed.NewClient(handle), other
}

// TestCallsBeyondThoseInFlightWait makes more calls than a connection may have in flight.
func TestCallsBeyondThoseInFlightWait(t *testing.T) {
	const beyond = 5
	a, b := transporttest.New(64)
	client, other := runPipe(t, a, b)
	ctx, cancel := context.WithCancel(t.Context())
	var calls sync.WaitGroup
	for range core.MaxInFlight {
		calls.Go(func() { assert.ErrorIs(t, client.Block(ctx), context.Canceled) })
	}
	require.Eventually(t, func() bool { return serving(other) == core.MaxInFlight }, waitLimit, waitTick)
	short, stop := context.WithTimeout(t.Context(), 3*idTick)
	defer stop()
	_, err := client.Add(short, 1, 2)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	for range beyond {
		calls.Go(func() {
			sum, err := client.Add(t.Context(), 2, 3)
			assert.NoError(t, err)
			assert.EqualValues(t, 5, sum)
		})
	}
	cancel()
	calls.Wait()
}

// TestHandlerIsNotStartedAfterTheEnd ends the connection while a request is decoded.
func TestHandlerIsNotStartedAfterTheEnd(t *testing.T) {
	a, b := transporttest.New(64)
	handle, runA := pipeConn(a, Initiator)
	other, runB := pipeConn(b, Acceptor)
	d := &endingDispatcher{Dispatcher: other.c.dispatch, end: func() { other.c.fail(errors.New("over")) }}
	other.c.dispatch = d
	var running sync.WaitGroup
	for _, run := range []*Driver{runA, runB} {
		running.Go(func() { _ = run.Run(context.Background()) })
	}
	_, err := testbed.NewClient(handle).Add(t.Context(), 1, 2)
	require.ErrorIs(t, err, roam.ErrConnection)
	running.Wait()
	assert.False(t, d.invoked)
}

// endingDispatcher ends the connection when it has decoded a request.
type endingDispatcher struct {
	roam.Dispatcher
	end     func()
	invoked bool
}

func (d *endingDispatcher) Prepare(in *roam.Incoming) (roam.Invocation, error) {
	inv, err := d.Dispatcher.Prepare(in)
	d.end()
	return noted{inv, d}, err
}

type noted struct {
	roam.Invocation
	d *endingDispatcher
}

func (n noted) Invoke(ctx context.Context, reply *roam.Reply) {
	n.d.invoked = true
	n.Invocation.Invoke(ctx, reply)
}

// TestTurnIsHandedOver has one who waits find it taken again when it wakes up.
func TestTurnIsHandedOver(t *testing.T) {
	var mu sync.Mutex
	var turn turn
	turn.init(&mu)
	locked := func(look func() bool) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return look()
		}
	}
	turn.Lock()
	got, goOn := make(chan struct{}), make(chan struct{})
	go func() {
		turn.Lock() // waits, since this one goes away
		close(got)
		<-goOn
		turn.Unlock()
	}()
	awayUntil := func(look func() bool) {
		require.NoError(t, turn.without(func() error {
			require.Eventually(t, locked(look), waitLimit, waitTick)
			return nil
		}))
	}
	awayUntil(func() bool { return turn.waiting == 1 })
	turn.taken = false
	turn.pass()
	require.True(t, turn.take(), "by another, before who waits has woken up")
	awayUntil(func() bool { return turn.inOrder })
	turn.Unlock()
	require.False(t, turn.TryLock(), "it is handed over, whether or not who waits has woken up yet")
	<-got
	close(goOn)
	turn.Lock()
	assert.Zero(t, turn.waiting)
	assert.False(t, turn.inOrder || turn.handed)
	turn.Unlock()
}

// TestTurnIsOnes has many take it, some of which go away, and counts who has it.
func TestTurnIsOnes(t *testing.T) {
	var mu sync.Mutex
	var turn turn
	turn.init(&mu)
	var having atomic.Int32
	var takers sync.WaitGroup
	for i := range 8 {
		takers.Go(func() {
			for round := range 1000 {
				if i%4 == 3 && !turn.TryLock() {
					continue
				} else if i%4 != 3 {
					turn.Lock()
				}
				assert.EqualValues(t, 1, having.Add(1))
				if round%3 == 0 {
					_ = turn.without(func() error { runtime.Gosched(); return nil })
				}
				having.Add(-1)
				turn.Unlock()
			}
		})
	}
	takers.Wait()
	assert.False(t, turn.taken || turn.handed || turn.inOrder)
}
