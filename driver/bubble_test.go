package driver

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"

	roam "github.com/roam-rpc/roam-go"
)

// TestLesson_BubblesShareNothing: a program's tests may give each its own clock. The
// caretaker was one for all, whose timer belonged to the clock of the first.
func TestLesson_BubblesShareNothing(t *testing.T) {
	calls := func(t *testing.T) {
		a, b := connectPipe(t, 8)
		for _, h := range []*Handle{a, b, a} {
			sum, err := testbed.NewClient(h).Add(t.Context(), 2, 3)
			require.NoError(t, err)
			assert.EqualValues(t, 5, sum)
			for _, end := range []*Handle{a, b} { // as the caretaker's timer runs out
				require.Eventually(t, func() bool { return !end.c.role.tended.Load() }, waitLimit, waitTick)
			}
		}
	}
	for range 3 {
		synctest.Test(t, calls)
		calls(t)
	}
}

// TestDeadlineInABubble is what docs/services.md says of tests: an hour passes at once.
func TestDeadlineInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		theirs, ours := net.Pipe()
		var running sync.WaitGroup
		running.Go(func() {
			_, drv, err := EstablishStream(t.Context(), theirs, Acceptor, &testbed.Service{}, quiet)
			if assert.NoError(t, err) {
				assert.NoError(t, drv.Run(context.Background()))
			}
		})
		handle, drv, err := EstablishStream(t.Context(), ours, Initiator, roam.NoService, quiet)
		require.NoError(t, err)
		running.Go(func() { assert.NoError(t, drv.Run(context.Background())) })

		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		require.ErrorIs(t, testbed.NewClient(handle).Block(ctx), context.DeadlineExceeded)
		assert.Equal(t, time.Hour, time.Since(began))
		require.NoError(t, handle.Close(t.Context()))
		running.Wait()
	})
}
