package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/hosttest"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// waits are the flags of a guest that waits for something, on a word or on its doorbell.
const (
	waitsForMessages = layout.FlagFutexMessages | layout.FlagBellMessages
	waitsForSpace    = layout.FlagFutexSpace | layout.FlagBellSpace
	waitsForSlot     = layout.FlagFutexSlot | layout.FlagBellSlot
	waitsForCredit   = layout.FlagFutexCredit | layout.FlagBellCredit
)

// awaitWaiting waits until the guest says that it waits for something, and sleeps.
func awaitWaiting(t *testing.T, g *hosttest.Guest, flags uint32) {
	t.Helper()
	g.Eventually("a guest that sleeps", func() bool { return g.Flags()&flags != 0 && asleep(t, g.Pid()) })
}

// echo has a guest answer.
func echo(g *hosttest.Guest) {
	g.Send(g.Call(1, methodEcho, hosttest.Text("x")))
	g.RequireResult(1, hosttest.Text("x"))
}

// rings counts the rings that came while something was done.
func rings(g *hosttest.Guest, do func()) int {
	do()
	n, _ := g.Rings()
	return n
}

// eachWayToCome runs a case for guests with and without a doorbell.
func eachWayToCome(name string, c rawCase) map[string]rawCase {
	cases := map[string]rawCase{}
	for _, way := range []string{"spawned", "walked up"} {
		c.way = way
		cases[name+", "+way] = c
	}
	return cases
}

func init() {
	register(eachWayToCome("message wakes a guest that sleeps", rawCase{play: func(t *testing.T, g *hosttest.Guest) {
		for range 10 {
			awaitWaiting(t, g, waitsForMessages)
			echo(g)
		}
	}}))
	register(eachWayToCome("place in the ring wakes a guest that sleeps", rawCase{
		config: hosttest.Config{RingSize: 2},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.HoldPlaces = true
			g.Send(flood(g, 100))
			for range 10 {
				g.Expect(layout.MsgData, 2) // which fills the ring
				awaitWaiting(t, g, waitsForSpace)
				require.Empty(t, g.Queued())
				g.Grant(2, 100)
				g.GivePlaces()
			}
			g.HoldPlaces = false
			g.GivePlaces()
			endFlood(t, g)
		},
	}))
	register(eachWayToCome("slot wakes a guest that sleeps", rawCase{
		config: hosttest.Config{SlotsPerGuest: 1},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.HoldSlots = true
			g.Send(flood(g, 100))
			for range 10 {
				g.Expect(layout.MsgData, 2) // which takes the only slot
				awaitWaiting(t, g, waitsForSlot)
				require.Empty(t, g.Queued())
				g.Grant(2, 100)
				g.GiveSlots()
			}
			g.HoldSlots = false
			g.GiveSlots()
			endFlood(t, g)
		},
	}))
	register(eachWayToCome("credit wakes a guest that sleeps", rawCase{
		config: hosttest.Config{InitialCredit: 100},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(flood(g, 100))
			for range 10 {
				g.Expect(layout.MsgData, 2)
				awaitWaiting(t, g, waitsForCredit)
				g.Grant(2, 100)
			}
			endFlood(t, g)
		},
	}))
	register(eachWayToCome("slot comes back without a wake", rawCase{
		config: hosttest.Config{SlotsPerGuest: 1},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.HoldSlots = true
			g.Send(flood(g, 100))
			for range 10 {
				g.Expect(layout.MsgData, 2)
				awaitWaiting(t, g, waitsForSlot)
				g.Grant(2, 100)
				g.Quietly(g.GiveSlots)
			}
			g.HoldSlots = false
			g.GiveSlots()
			endFlood(t, g)
		},
	}))
	register(eachWayToCome("bits are cleared when nobody waits", rawCase{
		config: hosttest.Config{InitialCredit: 100, RingSize: 2, SlotsPerGuest: 1},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(flood(g, 100))
			for range 20 {
				g.Expect(layout.MsgData, 2)
				g.Grant(2, 100)
			}
			endFlood(t, g)
			g.Eventually("cleared flags", func() bool { return g.Flags()&(waitsForSpace|waitsForSlot|waitsForCredit) == 0 })
			assert.EqualValues(t, ours, g.Flags()&ours)
		},
	}))
}

var _ = register(map[string]rawCase{
	"nobody is rung who has not asked": {play: func(t *testing.T, g *hosttest.Guest) {
		g.SetFlags(hosttest.Awake)
		quiet := func() {
			for range 50 {
				echo(g)
				g.Send(g.Call(1, methodBytes, item100))
				g.RequireResult(1, item100)
				g.Send(g.Call(1, methodDrain, hosttest.Rx(2)), hosttest.Data(2, item100))
				g.Eventually("credit", func() bool { return g.Granted(2) == g.InitialCredit+100 })
				g.Send(hosttest.Close(2))
				g.RequireResult(1, hosttest.Uint(99))
				g.AwaitFree(2)
			}
		}
		require.Zero(t, rings(g, quiet))
		g.SetFlags(hosttest.Awake | layout.FlagBellMessages)
		g.Send(g.Call(1, methodEcho, hosttest.Text("x")))
		g.Expect(layout.MsgResponse, 1) // sleeps until it is rung
	}},
	"ring for what was asked": {play: func(t *testing.T, g *hosttest.Guest) {
		slot := func() {
			g.Send(g.Call(1, methodBytes, item100))
			g.RequireResult(1, item100)
		}
		credit := func() {
			g.Send(g.Call(1, methodDrain, hosttest.Rx(2)), hosttest.Data(2, item100))
			g.Eventually("credit", func() bool { return g.Granted(2) == g.InitialCredit+100 })
			g.Send(hosttest.Close(2))
			g.RequireResult(1, hosttest.Uint(99))
			g.AwaitFree(2)
		}
		for name, c := range map[string]struct {
			flag            uint32
			comes, stranger func()
		}{
			"space":  {layout.FlagBellSpace, func() { echo(g) }, nil},
			"slot":   {layout.FlagBellSlot, slot, func() { echo(g) }},
			"credit": {layout.FlagBellCredit, credit, slot},
		} {
			g.SetFlags(hosttest.Awake | c.flag)
			if c.stranger != nil {
				c.stranger()
				c.stranger()
				assert.Zero(t, rings(g, c.stranger), name)
			}
			c.comes()
			g.Eventually("a ring for "+name, func() bool {
				n, _ := g.Rings()
				return n > 0
			})
		}
		g.SetFlags(hosttest.Asleep)
	}},
	"sleeper on a word is woken, without a ring": {play: func(t *testing.T, g *hosttest.Guest) {
		g.SetFlags(hosttest.Awake | layout.FlagFutexMessages)
		for range 20 {
			g.Send(g.Call(1, methodEcho, hosttest.Text("x")))
			g.Expect(layout.MsgResponse, 1) // sleeps until it is woken
		}
		n, _ := g.Rings()
		assert.Zero(t, n)
		g.SetFlags(hosttest.Asleep)
	}},
	"sleeper on a word who has not asked is left alone": {play: func(t *testing.T, g *hosttest.Guest) {
		g.SetFlags(hosttest.Awake)
		sleeper := g.SleepOnHead()
		for range 20 {
			echo(g)
		}
		assert.True(t, sleeper.Wake(), "the guest has woken it")
		g.SetFlags(hosttest.Asleep)
	}},
	"one ring for all that has come": {
		config: hosttest.Config{InitialCredit: 100},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(flood(g, 100))
			for range 10 {
				g.Expect(layout.MsgData, 2)
				awaitWaiting(t, g, waitsForCredit)
				g.Quietly(func() {
					g.Grant(2, 100)
					g.Send(g.Call(3, methodEcho, hosttest.Text("x")))
				})
				g.WakeOnce()
				g.RequireResult(3, hosttest.Text("x"))
			}
			endFlood(t, g)
		},
	},
	"doorbell that is full": {play: func(t *testing.T, g *hosttest.Guest) {
		g.SetFlags(hosttest.Awake | layout.FlagBellSpace) // each message that the guest takes rings
		for range 3000 {
			echo(g)
		}
		n, _ := g.Rings()
		assert.Positive(t, n)
		g.SetFlags(hosttest.Asleep)
	}},
	"rings for nothing": {play: func(t *testing.T, g *hosttest.Guest) {
		for range 3000 {
			g.Ring()
		}
	}},
})
