//go:build linux

package engine

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// meeting lets two goroutines do their step of a round at the same moment.
type meeting [2]struct {
	at atomic.Uint32
	_  [60]byte
}

func (m *meeting) meet(side int, round uint32) {
	m[side].at.Store(round)
	for spin := 0; m[1-side].at.Load() < round; spin++ {
		if spin > 1000 {
			runtime.Gosched()
		}
	}
}

// meetRounds play against each other a side that changes something and looks whether
// somebody waits for it, and one that declares its wait and looks whether it changed.
// In every round at least one of them must see the other. before is called alone.
func meetRounds(t *testing.T, rounds uint32, before func(), change func() (told bool), wait func() (seen bool)) {
	t.Helper()
	var start, end meeting
	var told, seen bool
	var other sync.WaitGroup
	other.Go(func() {
		for round := uint32(1); round <= rounds; round++ {
			start.meet(1, round)
			pause(round % 32)
			seen = wait()
			end.meet(1, round)
		}
	})
	missed := 0
	for round := uint32(1); round <= rounds; round++ {
		before()
		start.meet(0, round)
		pause(round / 32 % 32)
		told = change()
		end.meet(0, round)
		if !told && !seen {
			missed++
		}
	}
	other.Wait()
	require.Zero(t, missed, "rounds of %d in which neither saw the other", rounds)
}

// pause takes some nanoseconds for each of n.
func pause(n uint32) {
	var spent atomic.Uint32
	for range n {
		spent.Add(1)
	}
}

// TestNoWakeIsMissed is about the order of a store to the segment and the look that
// follows it, on either side and for both ring indices. The race detector's stores to
// memory that is not Go's have no such order.
func TestNoWakeIsMissed(t *testing.T) {
	const rounds = 60_000
	records, arena := make([]Record, 1), make([]byte, 64)
	share := make([]Record, ring/releaseShare) // for so many, places are given back at once
	stage := func(t *testing.T, from *End) {
		require.Equal(t, OK, from.Stage(Header{Type: layout.MsgRequest}, nil, nil, NoneTaken))
	}
	t.Run("message", func(t *testing.T) {
		host, guest := twoEnds(t)
		bit := BellBit(Messages)
		meetRounds(t, rounds,
			func() { guest.Receive(records, arena); guest.Withdraw(bit); stage(t, host) },
			host.Commit,
			func() bool { guest.Declare(bit); return guest.Pending() })
	})
	t.Run("space", func(t *testing.T) {
		host, guest := twoEnds(t)
		bit := BellBit(Space)
		meetRounds(t, rounds,
			func() {
				host.Withdraw(bit)
				for host.Room() == OK {
					stage(t, host)
					host.Commit()
				}
			},
			func() bool { _, _, bell := guest.Receive(share, arena); return bell },
			func() bool { host.Declare(bit); return host.Room() == OK })
	})
	t.Run("slot", func(t *testing.T) {
		host, guest := twoEnds(t)
		bit := BellBit(SlotBack)
		payload := make([]byte, layout.InlineMax+1)
		meetRounds(t, rounds,
			func() {
				host.Withdraw(bit)
				status := OK
				for status == OK {
					if status = host.Stage(Header{Type: layout.MsgRequest}, nil, payload, NoneTaken); status == OK {
						host.Commit()
					}
				}
				require.Equal(t, NoSlot, status)
			},
			func() bool { _, _, bell := guest.Receive(records, arena); return bell },
			func() bool { host.Declare(bit); return host.Own().Free() > 0 })
	})
	t.Run("space at rest", func(t *testing.T) {
		host, guest := twoEnds(t)
		bit := BellBit(Space)
		meetRounds(t, rounds,
			func() {
				host.Withdraw(bit)
				guest.Receive(records, arena)
				guest.Settle()
				stage(t, host)
				host.Commit()
				guest.Receive(records, arena)
			},
			guest.Settle,
			func() bool { host.Declare(bit); _, unread := host.Unread(); return !unread })
	})
}
