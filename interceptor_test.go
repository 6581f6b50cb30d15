package roam_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/examples/hello/service"
	"github.com/roam-rpc/roam-go/wire"
)

// journal keeps what interceptors see.
type journal []string

// note is an interceptor that writes to the journal.
func (j *journal) note(name string) roam.Interceptor {
	return func(ctx context.Context, m *roam.Method, next func(context.Context) error) error {
		*j = append(*j, name+" before "+m.String())
		err := next(ctx)
		outcome := "ok"
		var declared *service.TooLongError
		var remote *roam.RemoteError
		switch {
		case errors.As(err, &declared):
			outcome = "declared"
		case errors.As(err, &remote):
			outcome = "remote"
		case err != nil:
			outcome = "other"
		}
		*j = append(*j, name+" after: "+outcome)
		return err
	}
}

// veryLong is a name that is refused.
const veryLong = "a name of more than sixty-four bytes, which is more than English can greet"

func TestInterceptorsOfBothSidesSeeTheOutcome(t *testing.T) {
	var atClient, atServer journal
	handle, stop := connect(
		service.NewGreeterDispatcher(moody{}, roam.WithInterceptor(atServer.note("outer")), roam.WithInterceptor(atServer.note("inner"))),
		roam.NoService)
	greeter := service.NewGreeterClient(handle, roam.WithClientInterceptor(atClient.note("outer")), roam.WithClientInterceptor(atClient.note("inner")))
	ctx := context.Background()
	_, err := greeter.Greet(ctx, "Ada")
	require.NoError(t, err)
	_, err = greeter.Greet(ctx, veryLong)
	var declared *service.TooLongError
	require.ErrorAs(t, err, &declared)
	_, err = greeter.Greet(ctx, "nobody")
	require.Error(t, err)
	stop()

	nested := func(outcome string) []string {
		return []string{"outer before Greeter.Greet", "inner before Greeter.Greet", "inner after: " + outcome, "outer after: " + outcome}
	}
	assert.Equal(t, journal(append(append(nested("ok"), nested("declared")...), nested("remote")...)), atClient)
	assert.Equal(t, journal(append(append(nested("ok"), nested("declared")...), nested("other")...)), atServer)
}

func TestInterceptorsRunAroundStreams(t *testing.T) {
	var atClient, atServer journal
	handle, stop := connect(service.NewGreeterDispatcher(service.English{}, roam.WithInterceptor(atServer.note("server"))), roam.NoService)
	greeter := service.NewGreeterClient(handle, roam.WithClientInterceptor(atClient.note("client")))
	names, namesRx := roam.Channel[string]()
	greetingsTx, greetings := roam.Channel[string]()
	called := make(chan error, 1)
	go func() { called <- greeter.GreetAll(context.Background(), namesRx, greetingsTx) }()
	require.NoError(t, names.Send(context.Background(), "Ada"))
	names.Close()
	for _, err := range greetings.All(context.Background()) {
		require.NoError(t, err)
	}
	require.NoError(t, <-called)
	stop()
	assert.Equal(t, journal{"client before Greeter.GreetAll", "client after: ok"}, atClient)
	assert.Equal(t, journal{"server before Greeter.GreetAll", "server after: ok"}, atServer)
}

// An interceptor may answer by itself, with any error, the declared one included.
func TestInterceptorRefusesACall(t *testing.T) {
	forbidden := errors.New("forbidden")
	for name, err := range map[string]error{"undeclared": forbidden, "declared": &service.TooLongError{Limit: 3}} {
		refuse := func(context.Context, *roam.Method, func(context.Context) error) error { return err }
		t.Run("server, "+name, func(t *testing.T) {
			handle, stop := connect(service.NewGreeterDispatcher(service.English{}, roam.WithInterceptor(refuse)), roam.NoService)
			defer stop()
			_, got := service.NewGreeterClient(handle).Greet(context.Background(), "Ada")
			assert.ErrorContains(t, got, err.Error())
			var declared *service.TooLongError
			assert.Equal(t, name == "declared", errors.As(got, &declared))
		})
		t.Run("client, "+name, func(t *testing.T) {
			handle, stop := connect(roam.NoService, roam.NoService)
			defer stop()
			_, got := service.NewGreeterClient(handle, roam.WithClientInterceptor(refuse)).Greet(context.Background(), "Ada")
			assert.ErrorIs(t, got, err)
		})
	}
}

// Interceptors that do not do what they must fail their call alone.
func TestInterceptorsThatMisbehave(t *testing.T) {
	for name, c := range map[string]struct {
		interceptor roam.Interceptor
		want        string
	}{
		"no next, no error": {
			func(context.Context, *roam.Method, func(context.Context) error) error { return nil },
			"an interceptor returned no error for a call that did not succeed"},
		"swallowed error": {
			func(ctx context.Context, _ *roam.Method, next func(context.Context) error) error {
				_ = next(ctx)
				return nil
			}, "an interceptor returned no error for a call that did not succeed"},
		"next twice": {
			func(ctx context.Context, _ *roam.Method, next func(context.Context) error) error {
				_ = next(ctx)
				return next(ctx)
			}, "an interceptor called next twice"},
	} {
		t.Run(name, func(t *testing.T) {
			handle, stop := connect(service.NewGreeterDispatcher(service.English{}, roam.WithInterceptor(c.interceptor)), roam.NoService)
			defer stop()
			_, err := service.NewGreeterClient(handle).Greet(context.Background(), veryLong)
			assert.ErrorContains(t, err, c.want)

			plain, stopPlain := connect(service.NewGreeterDispatcher(service.English{}), roam.NoService)
			defer stopPlain()
			_, err = service.NewGreeterClient(plain, roam.WithClientInterceptor(c.interceptor)).Greet(context.Background(), veryLong)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// An interceptor that gives up before its next returns is waited for: what runs there
// uses the call.
func TestNextThatOutlivesItsInterceptorIsWaitedFor(t *testing.T) {
	given := errors.New("given up")
	giveUp := func(ctx context.Context, _ *roam.Method, next func(context.Context) error) error {
		ctx, cancel := context.WithCancel(ctx)
		began := make(chan struct{})
		go func() {
			close(began)
			_ = next(ctx)
		}()
		<-began
		cancel()
		return given
	}
	handle, stop := connect(service.NewGreeterDispatcher(moody{}, roam.WithInterceptor(giveUp)), roam.NoService)
	defer stop()
	for range 50 {
		_, err := service.NewGreeterClient(handle).Greet(context.Background(), "patience")
		require.ErrorContains(t, err, given.Error())
		_, err = service.NewGreeterClient(handle, roam.WithClientInterceptor(giveUp)).Greet(context.Background(), "patience")
		require.ErrorIs(t, err, given)
	}
}

func TestMetadataBetweenInterceptors(t *testing.T) {
	var got roam.Metadata
	see := func(ctx context.Context, _ *roam.Method, next func(context.Context) error) error {
		got = roam.IncomingMetadata(ctx)
		return next(ctx)
	}
	add := func(ctx context.Context, _ *roam.Method, next func(context.Context) error) error {
		return next(roam.WithMetadata(ctx, wire.Entry{Key: "interceptor", Value: wire.U64Value(3)}))
	}
	handle, stop := connect(service.NewGreeterDispatcher(service.English{}, roam.WithInterceptor(see)), roam.NoService)
	defer stop()
	greeter := service.NewGreeterClient(handle, roam.WithClientInterceptor(add),
		roam.WithCallMetadata(wire.Entry{Key: "client", Value: wire.U64Value(2)}))
	ctx := roam.WithMetadata(context.Background(), wire.Entry{Key: "context", Value: wire.U64Value(1)})
	_, err := greeter.Greet(ctx, "Ada")
	require.NoError(t, err)
	assert.Equal(t, roam.Metadata{
		{Key: "context", Value: wire.U64Value(1)}, {Key: "client", Value: wire.U64Value(2)}, {Key: "interceptor", Value: wire.U64Value(3)},
	}, got)
}

func TestCallTimeout(t *testing.T) {
	handle, stop := connect(service.NewGreeterDispatcher(moody{}), roam.NoService)
	defer stop()
	greeter := service.NewGreeterClient(handle, roam.WithCallTimeout(time.Millisecond))
	_, err := greeter.Greet(context.Background(), "patience") // which has none of its own
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestMuxServesSeveralServices(t *testing.T) {
	mux, err := roam.NewMux(service.NewGreeterDispatcher(service.English{}), service.NewLogsDispatcher(service.Lines{}))
	require.NoError(t, err)
	handle, stop := connect(mux, roam.NoService)
	defer stop()
	greeting, err := service.NewGreeterClient(handle).Greet(context.Background(), "Ada")
	require.NoError(t, err)
	assert.Equal(t, "Hello, Ada!", greeting)
	tx, rx := roam.Channel[[]byte]()
	go func() {
		defer tx.Close()
		_ = tx.Send(context.Background(), []byte("one\ntwo\n"))
	}()
	lines, err := service.NewLogsClient(handle).CountLines(context.Background(), rx)
	require.NoError(t, err)
	assert.EqualValues(t, 2, lines)
}

func TestMuxRefusesMethodsOfOneID(t *testing.T) {
	_, err := roam.NewMux(service.NewGreeterDispatcher(service.English{}), service.NewGreeterDispatcher(moody{}))
	assert.EqualError(t, err, "methods Greeter.Greet and Greeter.Greet have the same id f0ee2df58cf012ff")
}

func TestUnknownMethodIsNamed(t *testing.T) {
	handle, stop := connect(service.NewLogsDispatcher(service.Lines{}), roam.NoService)
	defer stop()
	_, err := service.NewGreeterClient(handle).Greet(context.Background(), "Ada")
	assert.ErrorIs(t, err, roam.ErrUnknownMethod)
	assert.EqualError(t, err, "Greeter.Greet: unknown method")
}

// droppable is a request that counts how often it ran and was dropped.
type droppable struct {
	method       *roam.Method
	ran, dropped int
}

func (d *droppable) Prepare(*roam.Incoming) (roam.Invocation, error) { return d, nil }
func (d *droppable) Method() *roam.Method                            { return d.method }
func (d *droppable) Drop()                                           { d.dropped++ }
func (d *droppable) Invoke(_ context.Context, r *roam.Reply) {
	d.ran++
	r.Succeed()
}

// TestInterceptedRequestIsDropped once, whatever its interceptor does.
func TestInterceptedRequestIsDropped(t *testing.T) {
	for name, test := range map[string]struct {
		interceptor roam.Interceptor
		ran         int
	}{
		"passes on": {func(ctx context.Context, _ *roam.Method, next func(context.Context) error) error { return next(ctx) }, 1},
		"refuses": {func(context.Context, *roam.Method, func(context.Context) error) error {
			return errors.New("refused")
		}, 0},
		"panics": {func(ctx context.Context, _ *roam.Method, next func(context.Context) error) error {
			_ = next(ctx)
			panic("as asked")
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			m := &roam.Method{ID: 1, Service: "Any", Name: "Method"}
			d := &droppable{method: m}
			service := roam.NewDispatcher(&roam.Service{Name: "Any", Methods: []*roam.Method{m}}, d,
				[]roam.DispatcherOption{roam.WithInterceptor(test.interceptor)})
			inv, err := service.Prepare(new(roam.Incoming))
			require.NoError(t, err)
			func() {
				defer func() { _ = recover() }()
				inv.Invoke(context.Background(), new(roam.Reply))
			}()
			assert.Equal(t, test.ran, d.ran)
			assert.Equal(t, 1, d.dropped)
		})
	}
}
