package everything

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/internal/roamgen/everything/shared"

	roam "github.com/roam-rpc/roam-go"
)

// connect gives a client of impl over a connection in memory.
func connect(t *testing.T, impl Everything) *EverythingClient {
	theirs, ours := net.Pipe()
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	running.Go(func() {
		_, drv, err := driver.EstablishStream(ctx, theirs, driver.Acceptor, NewEverythingDispatcher(impl))
		if err == nil { // else the test is over already
			_ = drv.Run(ctx)
		}
	})
	handle, drv, err := driver.EstablishStream(ctx, ours, driver.Initiator, roam.NoService)
	require.NoError(t, err)
	running.Go(func() { _ = drv.Run(ctx) })
	return NewEverythingClient(handle)
}

// streamer counts what comes on every channel of Streams.
type streamer struct{ echo }

func count[T any](ctx context.Context, rx *roam.Rx[T], n *int) error {
	for _, err := range rx.All(ctx) {
		if err != nil {
			return err
		}
		*n++
	}
	return nil
}

func (streamer) Streams(ctx context.Context, direct *roam.Rx[int32], deep Streams, many map[string]*roam.Rx[Pair]) (n int, err error) {
	err = errors.Join(count(ctx, direct, &n), count(ctx, deep.In, &n), count(ctx, *deep.Maybe, &n),
		count(ctx, deep.Fixed[0], &n), count(ctx, deep.Fixed[1], &n))
	if live, ok := deep.Either.(Live); ok {
		err = errors.Join(err, count(ctx, live.Frames, &n))
	}
	for _, key := range []string{"a", "b"} {
		err = errors.Join(err, count(ctx, many[key], &n))
	}
	err = errors.Join(err, deep.Out.Send(ctx, deep.Name))
	for i, tx := range deep.More {
		err = errors.Join(err, tx.Send(ctx, Label(fmt.Sprint(i))))
	}
	return n, err
}

// sent makes a channel on which items are sent, and gives the end to pass.
func sent[T any](t *testing.T, sending *sync.WaitGroup, items ...T) *roam.Rx[T] {
	tx, rx := roam.Channel[T]()
	sending.Go(func() {
		defer tx.Close()
		for _, item := range items {
			assert.NoError(t, tx.Send(context.Background(), item))
		}
	})
	return rx
}

func TestChannelsAtEveryDepth(t *testing.T) { testChannelsAtEveryDepth(t, connect(t, streamer{})) }

func testChannelsAtEveryDepth(t *testing.T, client *EverythingClient) {
	var sending sync.WaitGroup
	ctx := context.Background()
	out, fromOut := roam.Channel[string]()
	more, fromMore := make([]*roam.Tx[Shape], 3), make([]*roam.Rx[Shape], 3)
	for i := range more {
		more[i], fromMore[i] = roam.Channel[Shape]()
	}
	maybe := sent(t, &sending, []byte("m"))
	deep := Streams{
		Name: "name", In: sent(t, &sending, "x", "y"), Out: out, More: more, Maybe: &maybe,
		Either: Live{Frames: sent(t, &sending, UserID(1), UserID(2), UserID(3))},
		Fixed:  [2]*roam.Rx[Color]{sent(t, &sending, ColorRed), sent(t, &sending, ColorBlue)},
	}
	n, err := client.Streams(ctx, sent(t, &sending, int32(1)), deep, map[string]*roam.Rx[Pair]{
		"b": sent(t, &sending, Pair{1, "b"}), "a": sent(t, &sending, Pair{}, Pair{}),
	})
	sending.Wait()
	require.NoError(t, err)
	assert.Equal(t, 1+2+1+3+2+3, n)
	got, err := fromOut.Recv(ctx)
	require.NoError(t, err)
	assert.Equal(t, "name", got)
	for i, rx := range fromMore {
		shape, err := rx.Recv(ctx)
		require.NoError(t, err)
		assert.Equal(t, Label(fmt.Sprint(i)), shape)
		rx.Close()
	}
	fromOut.Close()
}

func TestMissingChannelIsNamed(t *testing.T) {
	client := connect(t, streamer{})
	_, direct := roam.Channel[int32]()
	_, err := client.Streams(context.Background(), direct, Streams{}, nil)
	require.ErrorIs(t, err, roam.ErrNilChannel)
	assert.ErrorContains(t, err, "Every_Thing.run-streams: deep: field In: ")
}

// items sends one item of each type.
type items struct{ echo }

func (items) Items(ctx context.Context, out ItemStreams) error {
	text := "text"
	return errors.Join(
		out.Lists.Send(ctx, []Point{{1, 2}}), out.Options.Send(ctx, &text), out.Maps.Send(ctx, map[string]Color{"k": ColorBlue}),
		out.IDs.Send(ctx, 9), out.Units.Send(ctx, struct{}{}), out.Chars.Send(ctx, 'é'),
		out.Times.Send(ctx, time.Unix(1, 0).UTC()), out.Events.Send(ctx, &shared.Stopped{Code: 4}))
}

// first gives the first item of a channel.
func first[T any](t *testing.T, rx *roam.Rx[T]) T {
	item, err := rx.Recv(context.Background())
	assert.NoError(t, err)
	rx.Close()
	return item
}

func TestItemsOfEveryType(t *testing.T) { testItemsOfEveryType(t, connect(t, items{})) }

func testItemsOfEveryType(t *testing.T, client *EverythingClient) {
	var out ItemStreams
	var in struct {
		lists   *roam.Rx[[]Point]
		options *roam.Rx[*string]
		maps    *roam.Rx[map[string]Color]
		ids     *roam.Rx[UserID]
		units   *roam.Rx[struct{}]
		chars   *roam.Rx[roam.Char]
		times   *roam.Rx[time.Time]
		events  *roam.Rx[shared.Event]
	}
	out.Lists, in.lists = roam.Channel[[]Point]()
	out.Options, in.options = roam.Channel[*string]()
	out.Maps, in.maps = roam.Channel[map[string]Color]()
	out.IDs, in.ids = roam.Channel[UserID]()
	out.Units, in.units = roam.Channel[struct{}]()
	out.Chars, in.chars = roam.Channel[roam.Char]()
	out.Times, in.times = roam.Channel[time.Time]()
	out.Events, in.events = roam.Channel[shared.Event]()
	require.NoError(t, client.Items(context.Background(), out))
	assert.Equal(t, []Point{{1, 2}}, first(t, in.lists))
	assert.Equal(t, "text", *first(t, in.options))
	assert.Equal(t, map[string]Color{"k": ColorBlue}, first(t, in.maps))
	assert.Equal(t, UserID(9), first(t, in.ids))
	first(t, in.units)
	assert.Equal(t, roam.Char('é'), first(t, in.chars))
	assert.Equal(t, time.Unix(1, 0).UTC(), first(t, in.times))
	assert.Equal(t, &shared.Stopped{Code: 4}, first(t, in.events))
}

// An item that has no encoding is refused; the channel goes on.
func TestItemWithoutEncodingIsRefused(t *testing.T) {
	client := connect(t, streamer{})
	tx, rx := roam.Channel[Color]()
	var sending sync.WaitGroup
	maybe := sent[[]byte](t, &sending)
	out, _ := roam.Channel[string]()
	sending.Go(func() {
		defer tx.Close()
		assert.ErrorContains(t, tx.Send(context.Background(), 0), "enum Color has no constant 0")
		assert.NoError(t, tx.Send(context.Background(), ColorRed))
	})
	n, err := client.Streams(context.Background(), sent[int32](t, &sending), Streams{In: sent[string](t, &sending), Out: out,
		Maybe: &maybe, Either: Stored{}, Fixed: [2]*roam.Rx[Color]{rx, sent[Color](t, &sending)},
	}, map[string]*roam.Rx[Pair]{"a": sent[Pair](t, &sending), "b": sent[Pair](t, &sending)})
	sending.Wait()
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}
