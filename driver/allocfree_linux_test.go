//go:build linux && !race

package driver

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/transport"
)

// TestUnaryCallAllocatesNothing counts the allocations of both sides together. What is
// allowed is a share of what is made for many calls at once; a wait long enough to sleep,
// with a context that can end, costs more. (The race detector makes pools forget, so that there is nothing to count.)
func TestUnaryCallAllocatesNothing(t *testing.T) {
	var sleeps atomic.Int64
	client := connectSegment(t, func(c *conn) { c.tr = sleepCounter{c.tr, &sleeps} })
	limited, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	for name, call := range map[string]func() error{
		"goroutine": func() error { _, err := client.Add(context.Background(), 1, 2); return err },
		"inline":    func() error { _, err := client.Inline(context.Background(), 1, 2); return err },
		"declared":  func() error { return client.Check(context.Background(), 0) },
		"deadline":  func() error { _, err := client.Inline(limited, 1, 2); return err },
	} {
		t.Run(name, func(t *testing.T) {
			for range 500 { // pools fill
				require.NoError(t, call())
			}
			var before, after runtime.MemStats
			slept := sleeps.Load()
			runtime.ReadMemStats(&before)
			const calls = 5000
			for range calls {
				require.NoError(t, call())
			}
			runtime.ReadMemStats(&after)
			slept = sleeps.Load() - slept
			assert.Less(t, after.Mallocs-before.Mallocs, uint64(calls/4+8*slept), "%d calls, which slept %d times", calls, slept)
		})
	}
}

// sleepCounter counts the sleeps of one side.
type sleepCounter struct {
	transport.Transport
	count *atomic.Int64
}

func (s sleepCounter) Nap(bell *transport.Bell, d time.Duration, brief bool) bool {
	s.count.Add(1)
	return s.Transport.Nap(bell, d, brief)
}

func (s sleepCounter) Wait(busy bool) error {
	s.count.Add(1)
	return s.Transport.Wait(busy)
}

// TestLargeArgumentIsCopiedOnceOutOfTheSegment: beside the memory that the argument is
// copied into, a large argument costs no second memory, nor does a large result.
func TestLargeArgumentIsCopiedOnceOutOfTheSegment(t *testing.T) {
	client := connectSegment(t, nil)
	data := make([]byte, 60000)
	bytes := func() error { _, err := client.Bytes(context.Background(), data); return err }
	require.NoError(t, bytes())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const calls = 100
	for range calls {
		require.NoError(t, bytes())
	}
	runtime.ReadMemStats(&after)
	each := float64(after.TotalAlloc-before.TotalAlloc) / calls
	assert.Less(t, each, 3*60000.0, "one for the argument at the handler, one for the result at the caller")
}
