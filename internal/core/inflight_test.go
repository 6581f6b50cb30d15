package core

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestInFlightIsAMap does the same to one and the other, with ids that count up, that are
// anything, and that all hash to few places.
func TestInFlightIsAMap(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	next := uint64(0)
	gather := uint64(1) // undoes spread
	for gather*spread != 1 {
		gather *= 2 - gather*spread
	}
	for _, ids := range []struct {
		are string
		id  func() uint64
	}{
		{"counting up", func() uint64 { next++; return next - rnd.Uint64N(min(next, 100)) }},
		{"few places", func() uint64 { return gather * (rnd.Uint64N(200)<<32 + rnd.Uint64N(3)) }},
		{"few at all", func() uint64 { return rnd.Uint64N(6) }},
		{"largest", func() uint64 { return math.MaxUint64 - rnd.Uint64N(50) }},
	} {
		t.Run(ids.are, func(t *testing.T) {
			var table inFlight[Call]
			want := make(map[uint64]*Call)
			grows := true // in turns, so that it is full and empty again and again
			for range 50_000 {
				if len(want) == 0 || len(want) > 2*MaxInFlight || rnd.IntN(500) == 0 {
					grows = len(want) < 10
				}
				id := ids.id()
				require.Same(t, want[id], table.get(id))
				switch {
				case want[id] == nil && (grows || rnd.IntN(3) == 0):
					want[id] = &Call{ID: id}
					table.add(id, want[id])
				case !grows || rnd.IntN(3) == 0:
					delete(want, id)
					table.remove(id)
				}
				require.Equal(t, len(want), table.len())
			}
			for id, call := range want {
				require.Same(t, call, table.get(id))
			}
			all := table.takeAll()
			assert.Len(t, all, len(want))
			for _, call := range all {
				assert.Same(t, want[call.ID], call)
				assert.Nil(t, table.get(call.ID))
			}
			assert.Zero(t, table.len())
			table.remove(1)
		})
	}
}

// TestInFlightKeepsIDsThatCountUpApart, of many calls at once that end in any order: no search
// is a long one.
func TestInFlightKeepsIDsThatCountUpApart(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	var table inFlight[Call]
	var ids []uint64
	for id := range uint64(20_000) {
		if len(ids) == 256 {
			i := rnd.IntN(len(ids))
			table.remove(ids[i])
			ids[i] = ids[len(ids)-1]
			ids = ids[:len(ids)-1]
		}
		table.add(id, new(Call))
		ids = append(ids, id)
		side := 0 // how many lie side by side
		for _, p := range table.places {
			if side++; p.of == nil {
				side = 0
			}
			require.Less(t, side, 40)
		}
	}
}

// TestInFlightTakesNoMemoryForIDsThatCountUp, however many there were.
func TestInFlightTakesNoMemoryForIDsThatCountUp(t *testing.T) {
	var table inFlight[Call]
	call := new(Call)
	id := uint64(0)
	allocs := testing.AllocsPerRun(10_000, func() {
		id++
		table.add(id, call)
		table.remove(id - 2)
	})
	assert.Zero(t, allocs)
	assert.Len(t, table.places, leastPlaces)
}
