package driver

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// queueSizes are the room a connection has; one message at a time must work too.
var queueSizes = []int{1, 2, 64}

// plays are the scenarios, each with a number that suits it.
var plays = map[string]int{
	"echo": 200, "concurrent": 50, "sum": 3000, "generate": 3000, "transform": 200, "upload": 256 << 10,
	"download": 256 << 10, "failures": 5, "cancel": 50, "channels": 400, "large": 4000, "unread": 20, "deadline": 100,
	"borrow": 4000, "keep": 4000, "lend": 50_000, "draft": 4000,
}

func TestScenariosBothWays(t *testing.T) {
	for _, size := range queueSizes {
		for name, n := range plays {
			t.Run(fmt.Sprintf("%s with a queue of %d", name, size), func(t *testing.T) {
				a, b := connectPipe(t, size)
				done := make(chan error, 1)
				go func() { done <- testbed.Scenarios[name](context.Background(), testbed.NewClient(a), n) }()
				assert.NoError(t, testbed.Scenarios[name](context.Background(), testbed.NewClient(b), n))
				assert.NoError(t, <-done)
			})
		}
	}
}

func TestNestedCallsBothWays(t *testing.T) {
	a, b := connectPipe(t, 1)
	done := make(chan error, 1)
	go func() {
		_, err := testbed.NewClient(a).Nest(context.Background(), 20)
		done <- err
	}()
	n, err := testbed.NewClient(b).Nest(context.Background(), 20)
	require.NoError(t, err)
	assert.EqualValues(t, 21, n)
	require.NoError(t, <-done)
}

func TestMetadataAndDeadlineTravel(t *testing.T) {
	a, _ := connectPipe(t, 4)
	c := testbed.NewClient(a)
	ctx := roam.WithMetadata(context.Background(), wire.Entry{Key: "tenant", Value: wire.StringValue("blue")})
	got, err := c.Meta(ctx, "tenant")
	require.NoError(t, err)
	assert.Equal(t, "blue", got)

	ctx, cancel := context.WithTimeout(ctx, 1<<40)
	defer cancel()
	got, err = c.Meta(ctx, roam.MetadataTimeout)
	require.NoError(t, err)
	assert.NotEmpty(t, got)
}

func TestNothingIsLeftAfterScenarios(t *testing.T) {
	a, b := connectPipe(t, 2)
	for name, n := range plays {
		require.NoError(t, testbed.Scenarios[name](context.Background(), testbed.NewClient(a), min(n, 100)))
	}
	for _, h := range []*Handle{a, b} {
		require.Eventually(t, func() bool {
			h.c.mu.Lock()
			defer h.c.mu.Unlock()
			return !h.c.core.Busy()
		}, waitLimit, waitTick, "calls, requests or channels are left")
	}
}

// TestCallThatIsNotSentGivesItsChannelsBack: a call whose arguments have no encoding
// costs no channel id, and the kept ends say why.
func TestCallThatIsNotSentGivesItsChannelsBack(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		for range 200 { // more than there are ids over shared memory
			tx, rx := roam.Channel[int32]()
			call := roam.NewCall(&roam.Method{Service: "Testbed", Name: "Sum"})
			require.NoError(t, roam.PassRx(call, rx, wire.I32))
			unsendable := errors.New("unsendable")
			call.EncodeWith(func(call *roam.Call) {
				call.ChannelID()
				call.Args.Fail(unsendable)
			})
			require.ErrorIs(t, x.handle.Do(context.Background(), call), unsendable)
			call.Release()
			require.ErrorIs(t, tx.Send(context.Background(), 1), unsendable)
		}
	})
}

// TestTooManyChannelsInOneCall: a call that can never have all its ids is refused at
// once, with both numbers.
func TestTooManyChannelsInOneCall(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		if !x.shared {
			return // ids are not bounded
		}
		call := roam.NewCall(&roam.Method{Service: "Testbed", Name: "Many"})
		defer call.Release()
		for range 40 {
			_, rx := roam.Channel[int32]()
			require.NoError(t, roam.PassRx(call, rx, wire.I32))
		}
		var count *roam.ChannelCountError
		require.ErrorAs(t, x.handle.Do(context.Background(), call), &count)
		assert.Equal(t, 40, count.Count)
		assert.Less(t, count.Limit, 40)
	})
}
