package driver

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// TestConnectionEndsWithRefusedRequestsQueued: requests whose refusals were not sent yet
// have no handler that could be told of the end.
func TestConnectionEndsWithRefusedRequestsQueued(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		for id := range uint64(200) { // more refusals than there is room for
			if !x.raw.send(request(id+1, 0xdead)) {
				break
			}
			if id%3 == 0 && !x.raw.send(control(wire.KindCancel, id+1)) {
				break
			}
		}
		require.NoError(t, x.raw.tr.Close(context.Background()))
		<-x.handle.Done()
	})
}

// slowDispatcher decodes until it is told to go on.
type slowDispatcher struct{ started, goOn chan struct{} }

func (s slowDispatcher) Prepare(*roam.Incoming) (roam.Invocation, error) {
	close(s.started)
	<-s.goOn
	return nil, roam.ErrUnknownMethod
}

func TestConnectionEndsWhileARequestIsDecoded(t *testing.T) {
	a, b := connectPipe(t, 4)
	slow := slowDispatcher{make(chan struct{}), make(chan struct{})}
	b.c.dispatch = slow
	called := make(chan error, 1)
	go func() {
		call := roam.NewCall(&roam.Method{ID: 1, Service: "Any", Name: "Method"})
		defer call.Release()
		called <- a.Do(context.Background(), call)
	}()
	<-slow.started
	b.c.fail(&roam.ConnectionError{Err: ErrClosed})
	close(slow.goOn)
	require.ErrorIs(t, <-called, roam.ErrConnection)
}

// inlineMethod is a dispatcher whose only method runs on the receiving goroutine.
type inlineMethod func(ctx context.Context, r *roam.Reply)

func (m inlineMethod) Prepare(*roam.Incoming) (roam.Invocation, error) { return m, nil }
func (m inlineMethod) Invoke(ctx context.Context, r *roam.Reply)       { m(ctx, r) }
func (inlineMethod) Method() *roam.Method {
	return &roam.Method{Service: "Any", Name: "Inline", Inline: true}
}

// TestContextOfAnInlineHandlerEnds also where its answer has to wait for room.
func TestContextOfAnInlineHandlerEnds(t *testing.T) {
	const calls = 40
	a, b := connectPipe(t, 1)
	contexts := make(chan context.Context, calls)
	b.c.dispatch = inlineMethod(func(ctx context.Context, r *roam.Reply) {
		contexts <- ctx
		r.Succeed()
	})
	called := make(chan error, calls)
	for range calls {
		go func() {
			call := roam.NewCall(&roam.Method{ID: 1, Service: "Any", Name: "Inline"})
			defer call.Release()
			called <- a.Do(context.Background(), call)
		}()
	}
	for range calls {
		require.NoError(t, <-called)
		<-(<-contexts).Done()
	}
}

// TestContextOfARequest: what it says fits what the contexts made of it say.
func TestContextOfARequest(t *testing.T) {
	a, _ := connectPipe(t, 4)
	deadline := func(left time.Duration) []byte {
		return wire.AppendMetadata(nil, wire.Metadata{{Key: roam.MetadataTimeout, Value: wire.U64Value(uint64(left))}})
	}
	t.Run("cancelled before anybody asked, past its deadline", func(t *testing.T) {
		r := a.c.newRequestContext(deadline(time.Hour))
		r.end()
		r.came.deadline = time.Now().Add(-time.Second)
		<-r.Done()
		assert.Equal(t, context.Canceled, r.Err())
		child, cancel := context.WithCancel(r)
		defer cancel()
		<-child.Done()
		assert.Equal(t, context.Canceled, context.Cause(child))
		assert.Equal(t, context.Canceled, context.Cause(r))
	})
	t.Run("deadline passes unasked", func(t *testing.T) {
		r := a.c.newRequestContext(deadline(0))
		assert.Equal(t, context.DeadlineExceeded, r.Err())
		r.end()
		<-r.Done()
		assert.Equal(t, context.DeadlineExceeded, r.Err())
		assert.Equal(t, context.DeadlineExceeded, context.Cause(r))
	})
	t.Run("deadline passes for who waits", func(t *testing.T) {
		r := a.c.newRequestContext(deadline(time.Millisecond))
		<-r.Done()
		assert.Equal(t, context.DeadlineExceeded, r.Err())
	})
	t.Run("derived contexts and functions end with it", func(t *testing.T) {
		r := (&served{c: a.c}).newBareContext()
		ran := make(chan struct{})
		context.AfterFunc(r, func() { close(ran) })
		child, cancel := context.WithTimeout(r, time.Hour)
		defer cancel()
		r.end()
		<-ran
		<-child.Done()
		assert.Equal(t, context.Canceled, child.Err())
		_, ok := roam.RequestFrom(child)
		assert.True(t, ok)
	})
}
