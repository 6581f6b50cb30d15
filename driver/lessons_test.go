package driver

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// TestLesson_SlowReaderBoundsWhatIsBuffered: a sender stops when the credit of a peer
// that consumes nothing is used up; its Send waits with its context.
func TestLesson_SlowReaderBoundsWhatIsBuffered(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		ctx, cancel := context.WithCancel(context.Background())
		tx, rx := roam.Channel[[]byte]()
		called, sent := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := testbed.NewClient(x.handle).Drain(ctx, rx)
			called <- err
		}()
		go func() {
			var err error
			for err == nil {
				err = tx.Send(ctx, make([]byte, 500))
			}
			sent <- err
		}()
		got := 0
		for got+502 <= int(x.limits.InitialCredit) { // an item is 500 bytes and its length
			m, ok := x.raw.next()
			require.True(t, ok)
			if m.Kind == wire.KindData {
				got += len(m.Payload)
			}
		}
		cancel()
		assert.ErrorIs(t, <-called, context.Canceled)
		assert.Error(t, <-sent)
		for { // nothing but the end of the call follows
			m, ok := x.raw.next()
			require.True(t, ok)
			require.NotEqual(t, wire.KindData, m.Kind, "data beyond the credit")
			if m.Kind == wire.KindReset {
				return
			}
		}
	})
}

// TestLesson_ClosedClientFreesItsReader: closing a connection ends whoever waits on it.
func TestLesson_ClosedClientFreesItsReader(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		c := testbed.NewClient(x.handle)
		tx, rx := roam.Channel[int32]()
		var all sync.WaitGroup
		all.Go(func() { assert.ErrorIs(t, c.Generate(context.Background(), 1, tx), ErrClosed) })
		all.Go(func() {
			_, err := rx.Recv(context.Background())
			assert.ErrorIs(t, err, ErrClosed)
		})
		all.Go(func() { assert.ErrorIs(t, c.Block(context.Background()), roam.ErrConnection) })
		for range 2 {
			_, ok := x.raw.next()
			require.True(t, ok)
		}
		require.NoError(t, x.handle.Close(context.Background()))
		all.Wait()
	})
}

// TestLesson_DroppedEndsAreNoticed: ends that the program loses without closing are
// ended once they are collected, and logged.
func TestLesson_DroppedEndsAreNoticed(t *testing.T) {
	a, _ := connectPipe(t, 8)
	var log lockedBuffer
	a.c.log = slog.New(slog.NewTextHandler(&log, nil))
	c := testbed.NewClient(a)

	summed := make(chan error, 1)
	func() {
		tx, rx := roam.Channel[int32]()
		go func() {
			_, err := c.Sum(context.Background(), rx)
			summed <- err
		}()
		require.NoError(t, tx.Send(context.Background(), 1))
	}() // tx is lost: the sum would wait for ever
	flooded := make(chan error, 1)
	func() {
		tx, rx := roam.Channel[[]byte]()
		go func() { flooded <- c.Flood(context.Background(), 1<<40, 1000, tx) }()
		_, err := rx.Recv(context.Background())
		require.NoError(t, err)
	}() // rx is lost: the flood would wait for credit

	for summed != nil || flooded != nil {
		runtime.GC()
		select {
		case err := <-summed:
			assert.NoError(t, err)
			summed = nil
		case err := <-flooded:
			var remote *roam.RemoteError
			assert.ErrorAs(t, err, &remote)
			flooded = nil
		default:
			runtime.Gosched()
		}
	}
	assert.Contains(t, log.String(), "dropped without being closed")
}

// lockedBuffer is a buffer that goroutines may share.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestLesson_SenderUnderLoadWaits: no room is never an error of a call or an item.
func TestLesson_SenderUnderLoadWaits(t *testing.T) {
	a, _ := connectPipe(t, 1)
	floodWithCalls(t, testbed.NewClient(a))
}

// floodWithCalls makes far more calls at once than there is room for, each of which
// needs a slot over shared memory, and streams beside them.
func floodWithCalls(t *testing.T, c *testbed.Client) {
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			_, err := c.Echo(context.Background(), "one of many, and too long to go without a slot")
			assert.NoError(t, err)
		})
	}
	all.Go(func() { assert.NoError(t, testbed.Uploads(context.Background(), c, 100<<10)) })
	all.Wait()
}

// TestLesson_UserErrorsArriveAsThemselves: no failure of a handler becomes another.
func TestLesson_UserErrorsArriveAsThemselves(t *testing.T) {
	a, _ := connectPipe(t, 8)
	c := testbed.NewClient(a)
	err := c.Check(context.Background(), 42)
	var declared *testbed.CheckError
	require.ErrorAs(t, err, &declared)
	assert.EqualValues(t, 42, declared.Code)
	assert.False(t, errors.Is(err, roam.ErrUnknownMethod))
	err = c.Fail(context.Background(), "the printer is on fire")
	require.ErrorContains(t, err, "Testbed.Fail: remote error: the printer is on fire")
	assert.False(t, errors.Is(err, roam.ErrUnknownMethod))
}

// TestLesson_CancelledCallLeavesNothing: the handler's context ends, and places, ids
// and channels come back on both sides.
func TestLesson_CancelledCallLeavesNothing(t *testing.T) {
	a, b := connectPipe(t, 4)
	require.NoError(t, testbed.Cancels(context.Background(), testbed.NewClient(a), 30))
	require.NoError(t, testbed.Unread(context.Background(), testbed.NewClient(a), 30))
	for _, h := range []*Handle{a, b} {
		require.Eventually(t, func() bool { return !h.c.busy() }, waitLimit, waitTick)
	}
}
