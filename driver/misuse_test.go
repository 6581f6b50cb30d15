package driver

import (
	"context"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// flooded calls Flood, whose Request the raw peer takes: rx is read here, id is its
// channel there.
func flooded(t *testing.T, x *target) (rx *roam.Rx[[]byte], id uint64, called chan error) {
	t.Helper()
	tx, rx := roam.Channel[[]byte]()
	called = make(chan error, 1)
	go func() { called <- testbed.NewClient(x.handle).Flood(context.Background(), 1, 1, tx) }()
	m, ok := x.raw.next()
	require.True(t, ok)
	d := wire.NewDecoder(m.Payload)
	_, _ = d.U64(), d.U32()
	return rx, d.U64(), called
}

// TestBrokenConnectionIsNoEndOfStream: a stream that the connection's end cut off does
// not look like one that was closed.
func TestBrokenConnectionIsNoEndOfStream(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		rx, id, called := flooded(t, x)
		require.True(t, x.raw.send(data(id, "\x01x")))
		_, err := rx.Recv(context.Background())
		require.NoError(t, err)
		require.NoError(t, x.raw.tr.Close(context.Background()))

		_, err = io.Copy(io.Discard, roam.NewReader(context.Background(), rx))
		require.ErrorIs(t, err, roam.ErrConnection)
		assert.NotErrorIs(t, err, io.EOF)
		require.ErrorIs(t, <-called, roam.ErrConnection)
	})
}

// anyMethod is a dispatcher that runs itself for every request.
type anyMethod func(ctx context.Context, r *roam.Reply)

func (m anyMethod) Prepare(*roam.Incoming) (roam.Invocation, error) { return m, nil }
func (anyMethod) Method() *roam.Method                              { return &roam.Method{Service: "Any", Name: "Method"} }
func (m anyMethod) Invoke(ctx context.Context, r *roam.Reply)       { m(ctx, r) }

// serveOne serves one method that runs invoke.
func serveOne(t *testing.T, invoke func(ctx context.Context, r *roam.Reply)) *Handle {
	a, b := connectPipe(t, 4)
	b.c.dispatch = anyMethod(invoke)
	return a
}

type typedError struct{ text string }

func (e *typedError) Error() string { return e.text } // panics on nil

// TestHandlersThatMisbehaveFailTheirCallAlone: whatever a handler does, its caller is
// answered and the process lives.
func TestHandlersThatMisbehaveFailTheirCallAlone(t *testing.T) {
	for name, invoke := range map[string]func(context.Context, *roam.Reply){
		"nil error of a type":         func(_ context.Context, r *roam.Reply) { r.Fail(nil, (*typedError)(nil)) },
		"ends its goroutine":          func(context.Context, *roam.Reply) { runtime.Goexit() },
		"panics with nil":             func(context.Context, *roam.Reply) { panic(nil) },
		"gives no result":             func(context.Context, *roam.Reply) {},
		"result that has no encoding": func(_ context.Context, r *roam.Reply) { r.Succeed().Time(time.Time{}) },
		"fails without a text":        func(_ context.Context, r *roam.Reply) { r.Fail(nil, &typedError{}) },
		"fails with bad UTF-8":        func(_ context.Context, r *roam.Reply) { r.Fail(nil, &typedError{"\xff\xfe"}) },
		"fails with a long one":       func(_ context.Context, r *roam.Reply) { r.Fail(nil, &typedError{string(make([]byte, 1<<20))}) },
		"result over the limit":       func(_ context.Context, r *roam.Reply) { r.Succeed().Raw(make([]byte, pipeLimits.MaxPayload+1)) },
	} {
		t.Run(name, func(t *testing.T) {
			h := serveOne(t, invoke)
			var remote *roam.RemoteError
			for range 3 {
				require.ErrorAs(t, testbed.NewClient(h).Panic(context.Background()), &remote)
				assert.NotEmpty(t, remote.Message)
			}
			assert.NoError(t, h.Err())
		})
	}
}

// TestCallIsForOneUse: a second Do, or one on another connection, is refused.
func TestCallIsForOneUse(t *testing.T) {
	a, b := connectPipe(t, 4)
	call := roam.NewCall(&roam.Method{ID: testbed.TestbedEchoID, Service: "Testbed", Name: "Echo"})
	defer call.Release()
	call.Args.String("once")
	require.NoError(t, a.Do(context.Background(), call))
	require.ErrorIs(t, a.Do(context.Background(), call), errCallUsed)
	require.ErrorIs(t, b.Do(context.Background(), call), errCallUsed)
}

// TestClosingThePassedEndLeavesTheKeptOne: the two ends of a pair are closed apart.
func TestClosingThePassedEndLeavesTheKeptOne(t *testing.T) {
	a, _ := connectPipe(t, 4)
	tx, rx := roam.Channel[int32]()
	rx.Close()
	summed := make(chan error, 1)
	go func() {
		_, err := testbed.NewClient(a).Sum(context.Background(), rx)
		summed <- err
	}()
	require.NoError(t, tx.Send(context.Background(), 1))
	tx.Close()
	require.NoError(t, <-summed)

	call := roam.NewCall(&roam.Method{})
	defer call.Release()
	assert.ErrorIs(t, roam.PassTx[int32](call, nil, wire.I32), roam.ErrNilChannel)
	assert.ErrorIs(t, roam.PassRx(call, &roam.Rx[int32]{}, wire.I32), roam.ErrNilChannel)
}

// TestForwardedDeadlineDoesNotReplaceTheCalls: metadata passed on from another request
// brings no deadline with it.
func TestForwardedDeadlineDoesNotReplaceTheCalls(t *testing.T) {
	a, _ := connectPipe(t, 4)
	ctx := roam.WithMetadata(context.Background(), wire.Entry{Key: roam.MetadataTimeout, Value: wire.U64Value(1)})
	got, err := testbed.NewClient(a).Meta(ctx, roam.MetadataTimeout)
	require.NoError(t, err)
	assert.Empty(t, got, "the stale deadline was sent")
}

// TestBorrowedItemThatDoesNotDecode ends the connection as any other does.
func TestBorrowedItemThatDoesNotDecode(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		rx, id, called := flooded(t, x)
		require.True(t, x.raw.send(data(id, "\x01x")))
		item, err := roam.Borrow(context.Background(), rx)
		require.NoError(t, err)
		assert.Equal(t, "x", string(item.Bytes()))
		item.Release()
		require.True(t, x.raw.send(data(id, "\x05x")))
		_, err = roam.Borrow(context.Background(), rx)
		require.ErrorIs(t, err, roam.ErrConnection)
		require.ErrorContains(t, err, wire.RuleDataInvalid)
		require.ErrorIs(t, <-called, roam.ErrConnection)
	})
}
