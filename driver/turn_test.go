package driver

import (
	"context"
	"errors"
	"sync"
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
