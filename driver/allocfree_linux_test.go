//go:build linux && !race

package driver

import (
	"context"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUnaryCallAllocatesNothing counts the allocations of both sides together. What is
// allowed is a share of what is made for many calls at once; a wait long enough to sleep
// costs more, so the best of several rounds counts. (The race detector makes pools forget, so that there is nothing to count.)
func TestUnaryCallAllocatesNothing(t *testing.T) {
	client := connectSegment(t)
	limited, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	for name, call := range map[string]func() error{
		"goroutine": func() error { _, err := client.Add(context.Background(), 1, 2); return err },
		"inline":    func() error { _, err := client.Inline(context.Background(), 1, 2); return err },
		"declared":  func() error { return client.Check(context.Background(), 0) },
		"deadline":  func() error { _, err := client.Inline(limited, 1, 2); return err },
	} {
		t.Run(name, func(t *testing.T) {
			least := math.MaxFloat64
			for range 20 {
				least = min(least, allocations(t, 500, call))
			}
			assert.Less(t, least, 0.5, "allocations a call")
		})
	}
}

// allocations is how many there are for each of n calls.
func allocations(t *testing.T, n int, call func() error) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		require.NoError(t, call())
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(n)
}

// TestLargeArgumentIsCopiedOnceOutOfTheSegment: beside the memory that the argument is
// copied into, a large argument costs no second memory, nor does a large result.
func TestLargeArgumentIsCopiedOnceOutOfTheSegment(t *testing.T) {
	client := connectSegment(t)
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
