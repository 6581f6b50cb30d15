package driver

import (
	"context"
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
	"download": 256 << 10, "failures": 5, "cancel": 50, "channels": 400, "large": 4000, "unread": 20,
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
