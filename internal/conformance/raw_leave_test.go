package conformance

import (
	"bytes"
	"context"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/hosttest"
	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/shmring"
)

// busy has calls and streams of both sides under way.
func busy(g *hosttest.Guest) {
	g.Send(g.Call(1, methodBlock), g.Call(2, methodSum, hosttest.Rx(2)),
		g.Call(3, methodFlood, hosttest.Uint(1<<40), hosttest.Uint(99), hosttest.Tx(4)), drive(g, driven, "kept", 10))
	g.Called(methodKeep)
}

// How connections end.
var _ = register(map[string]rawCase{
	"host that leaves": {play: func(t *testing.T, g *hosttest.Guest) {
		busy(g)
		g.Leave()
		g.RequireSuccess()
	}},
	"host that leaves a guest that walked up, without a wake": {
		way: "walked up",
		play: func(t *testing.T, g *hosttest.Guest) {
			awaitWaiting(t, g, waitsForMessages)
			atomic.SwapUint32(g.U32(layout.OffHeaderHostGoodbye), 1)
			g.RequireLeft()
			g.RequireSuccess()
		},
	},
	"guest that leaves waits until all is received": {play: func(t *testing.T, g *hosttest.Guest) {
		g.HoldPlaces = true
		began := time.Now()
		g.Send(g.Call(1, methodLeave))
		g.RequireResult(1)
		g.Eventually("a guest that sleeps", func() bool { return !g.Running() || asleep(t, g.Pid()) })
		if g.Host.Word(1).State != layout.StateAttached {
			require.Greater(t, time.Since(began), time.Second/2, "it has not waited")
		}
		g.HoldPlaces = false
		g.GivePlaces()
		g.RequireLeft()
		g.RequireSuccess()
	}},
	"guest that leaves touches nothing after that": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodLeave))
		g.RequireResult(1)
		g.Eventually("a guest that has left", func() bool { return g.Host.Word(1).State == layout.StateGoodbye })
		before := bytes.Clone(g.Mem)
		g.RequireLeft()
		g.RequireSuccess()
		for at := range before {
			if before[at] != g.Mem[at] {
				assert.Equal(t, before[at], g.Mem[at], "the byte of the segment at %#x has changed", at)
			}
		}
	}},
	"goodbye of the host": {play: func(t *testing.T, g *hosttest.Guest) {
		busy(g)
		g.Send(hosttest.Goodbye("test.over: \u00fcber und vorbei"))
		g.RequireLeft()
		g.RequireFailure("test.over: \u00fcber und vorbei")
	}},
	"goodbye that is long": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(hosttest.Goodbye("test.over: " + string(bytes.Repeat([]byte("x"), 4000))))
		g.RequireLeft()
		g.RequireFailure("test.over: xxx")
	}},
	"eviction with a reason": {play: func(t *testing.T, g *hosttest.Guest) {
		busy(g)
		g.Quietly(func() {
			for range 5 {
				g.Send(hosttest.Result(99)) // the reason lies behind
			}
			g.Evict("test.rule: broken")
		})
		g.WakeAll()
		g.RequireGone()
		g.RequireFailure("test.rule: broken")
	}},
	"eviction without a reason": {play: func(t *testing.T, g *hosttest.Guest) {
		busy(g)
		g.Evict("")
		g.RequireGone()
	}},
	"eviction of a guest that walked up": {way: "walked up", play: func(t *testing.T, g *hosttest.Guest) {
		busy(g)
		g.Evict("test.rule: broken")
		g.RequireGone()
		g.RequireFailure("test.rule: broken")
	}},
	"entry that was taken away": {play: func(t *testing.T, g *hosttest.Guest) {
		busy(g)
		word := hosttest.Word{State: layout.StateReserved, Epoch: 9}
		g.SetWord(1, word)
		g.WakeAll()
		g.RequireGone()
		assert.Equal(t, word, g.Host.Word(1), "it is another guest's")
	}},
	"host that dies": {play: func(t *testing.T, g *hosttest.Guest) {
		busy(g)
		g.HangUp()
		g.RequireFailure("died")
	}},
	"host of a guest that joined dies": {way: "joined", play: func(t *testing.T, g *hosttest.Guest) {
		awaitWaiting(t, g, waitsForMessages)
		g.HangUp()
		g.RequireFailure("died")
	}},
	"host of a guest that walked up dies": {way: "walked up", play: func(t *testing.T, g *hosttest.Guest) {
		busy(g)
		g.Unlock(0)
		g.RequireFailure("died")
	}},
	"host of a guest that is busy dies": {way: "walked up", play: func(t *testing.T, g *hosttest.Guest) {
		g.Unlock(0)
		for g.Running() { // messages come all the time
			g.Look()
			if g.Room() > 0 {
				g.Send(hosttest.Result(99))
			}
		}
		g.RequireFailure("died")
	}},
})

// cycles is how often one process comes and goes.
const cycles = 60

// TestComingAndGoingLeavesNothing: a process that has been a guest many times has as many
// descriptors and mappings as one that has been one a few times.
func TestComingAndGoingLeavesNothing(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		h := newHub(t, shmring.Config{MaxGuests: 1})
		socket := filepath.Join(t.TempDir(), "join")
		require.NoError(t, h.host.Listen(socket))
		g := h.start(kind, "-cycles", strconv.Itoa(cycles), "-join", socket)
		var few []int
		for cycle := range cycles {
			require.NoError(t, g.client.Leave(context.Background()))
			require.NoError(t, <-g.ran)
			if cycle == cycles-1 {
				break
			}
			pid := g.pid
			g = h.accept()
			g.pid = pid
			n, err := g.client.Nest(context.Background(), 2)
			require.NoError(t, err)
			require.EqualValues(t, 3, n)
			if held := []int{descriptors(t, pid), segments(t, pid)}; cycle == 10 {
				few = held
			} else if cycle > 10 {
				require.Equal(t, few, held, "descriptors and mapped segments after %d cycles", cycle+1)
			}
		}
	})
}
