//go:build linux

package engine

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

func TestSparesAreTakenSeveralAtOnce(t *testing.T) {
	for _, c := range []struct{ slots, atOnce uint32 }{{1, 1}, {15, 1}, {16, 2}, {63, 7}, {64, 8}, {130, 8}} {
		bitmap := make([]uint64, 8+c.slots)
		pool := NewPool(ptr(bitmap), 64, 8, c.slots)
		bitmap[0], bitmap[1], bitmap[2] = math.MaxUint64, math.MaxUint64, math.MaxUint64
		spares := NewSpares(&pool)
		for i := range c.slots {
			slot, ok := spares.Take()
			require.True(t, ok)
			require.Equal(t, Slot{Index: i, Generation: 1}, slot)
			require.True(t, pool.out(i, 1))
			if i < min(64, c.slots)/c.atOnce*c.atOnce {
				require.Equal(t, c.slots-(i/c.atOnce+1)*c.atOnce, pool.Free(), "of %d after %d", c.slots, i+1)
				require.Equal(t, c.atOnce-1-i%c.atOnce, spares.Len())
			}
		}
		_, ok := spares.Take()
		assert.False(t, ok)
		for i := range c.slots {
			assert.True(t, pool.Return(i))
		}
		slot, ok := spares.Take()
		assert.True(t, ok)
		assert.Equal(t, Slot{Index: 0, Generation: 2}, slot)
		assert.Equal(t, pool.OutBits(0), spares.In(0)|1)
		assert.Zero(t, spares.In(1))
		spares.GiveBack()
		spares.GiveBack()
		assert.Equal(t, c.slots-1, pool.Free())
	}
}

// TestSparesTakenAheadComeInAnOrderThatRepeats: two batches take turns, while the last slot
// of one is still out when the next is taken. Who has given them back begins anew.
func TestSparesTakenAheadComeInAnOrderThatRepeats(t *testing.T) {
	for _, c := range []struct{ slots, atOnce uint32 }{{1, 1}, {15, 1}, {16, 2}, {63, 7}, {64, 8}, {130, 8}} {
		bitmap := make([]uint64, 8+c.slots)
		pool := NewPool(ptr(bitmap), 64, 8, c.slots)
		bitmap[0], bitmap[1], bitmap[2] = math.MaxUint64, math.MaxUint64, math.MaxUint64
		spares := NewSpares(&pool)
		for i := range 5 * c.atOnce {
			slot, ok := spares.Take()
			require.True(t, ok)
			if c.atOnce == 1 {
				require.Zero(t, slot.Index)
			} else {
				require.Equal(t, i%(2*c.atOnce), slot.Index)
			}
			spares.Ahead()
			require.Equal(t, c.atOnce > 1, spares.Len() > 0)
			require.True(t, pool.Return(slot.Index))
		}
		spares.GiveBack()
		require.Equal(t, c.slots, pool.Free())
		slot, ok := spares.Take()
		require.True(t, ok)
		require.Zero(t, slot.Index)
	}
}

func TestSparesTakenAheadLeaveNothingUntaken(t *testing.T) {
	const slots = 16
	bitmap := make([]uint64, 8+slots)
	pool := NewPool(ptr(bitmap), 64, 8, slots)
	bitmap[0] = math.MaxUint64
	spares := NewSpares(&pool)
	for i := range uint32(slots) {
		slot, ok := spares.Take()
		require.True(t, ok)
		require.Equal(t, i, slot.Index)
		spares.Ahead()
	}
	_, ok := spares.Take()
	require.False(t, ok)
	spares.Ahead() // none is free
	require.True(t, pool.Return(slots-1), "of those that were taken last: there is no other")
	slot, ok := spares.Take()
	require.True(t, ok)
	require.Equal(t, Slot{Index: slots - 1, Generation: 2}, slot)
}

// TestLargeMessagesLeaveSparesToSmallOnes, unless they are all that is left.
func TestLargeMessagesLeaveSparesToSmallOnes(t *testing.T) {
	const slots = 16
	bitmap := make([]uint64, 8+slots)
	pool := NewPool(ptr(bitmap), 64, 8, slots)
	bitmap[0] = math.MaxUint64
	spares := NewSpares(&pool)
	small, took, ok := spares.TakeFor(largeFrom - 1)
	require.True(t, ok)
	require.False(t, took)
	require.Zero(t, small.Index)
	require.EqualValues(t, 1, spares.Len())
	for i := uint32(2); i < slots; i++ {
		large, took, ok := spares.TakeFor(largeFrom)
		require.True(t, ok)
		require.True(t, took)
		require.Equal(t, i, large.Index)
		if i == 5 { // the lowest that is free is used again
			require.True(t, pool.Return(i))
			again, _, ok := spares.TakeFor(largeFrom)
			require.True(t, ok)
			require.Equal(t, i, again.Index)
		}
	}
	large, took, ok := spares.TakeFor(largeFrom)
	require.True(t, ok)
	require.False(t, took)
	require.EqualValues(t, 1, large.Index)
	_, _, ok = spares.TakeFor(largeFrom)
	require.False(t, ok)
}

// TestPlacesAreGivenBackAQuarterAtOnce looks at what the sender knows, over the wrap of
// the indices.
func TestPlacesAreGivenBackAQuarterAtOnce(t *testing.T) {
	host, guest := twoEnds(t)
	unread := func() bool { _, unread := host.Unread(); return unread }
	for i := range uint32(3 * ring) {
		pass(t, host, guest, 0)
		told := i%(ring/releaseShare) == ring/releaseShare-1
		require.Equal(t, !told, unread(), "message %d", i)
	}
	pass(t, host, guest, 0)
	assert.True(t, unread())
	guest.Settle()
	assert.False(t, unread())
	assert.False(t, guest.Settle())

	host.Declare(FutexBit(Space))
	pass(t, host, guest, 0)
	assert.False(t, unread(), "told at once, since the host waits for it")
	host.Withdraw(FutexBit(Space) | layout.FlagKeeps)
	pass(t, host, guest, 0)
	assert.False(t, unread(), "told at once, since a foreign host may wait without a word")
}
