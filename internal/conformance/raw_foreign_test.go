package conformance

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/hosttest"
	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/wire"
)

// foreign is a host of another implementation: it keeps neither flags nor a table.
var foreign = hosttest.Config{Foreign: true}

// withBell spawns a guest of a foreign host with a doorbell of a kind.
func withBell(t *testing.T, kind int, guest []string) *hosttest.Guest {
	t.Helper()
	h := hosttest.New(t, foreign)
	h.Channels = channelsOf
	g := h.SpawnWith(kind, func(ticket []string) *exec.Cmd { return hosttest.Command(append(guest, "-ticket"), ticket...) })
	g.AwaitClaim()
	return g
}

// Hosts of other implementations.
var _ = register(map[string]rawCase{
	"foreign host is rung always": {config: foreign, play: func(t *testing.T, g *hosttest.Guest) {
		for range 20 {
			echo(g) // the host sleeps on its doorbell and has not said so
		}
	}},
	"foreign host is woken always": {config: foreign, play: func(t *testing.T, g *hosttest.Guest) {
		for range 20 {
			sleeper := g.SleepOnHead()
			g.Send(g.Call(1, methodEcho, hosttest.Text("x")))
			sleeper.Await()
			g.RequireResult(1, hosttest.Text("x"))
		}
	}},
	"foreign host that never wakes": {config: foreign, play: func(t *testing.T, g *hosttest.Guest) {
		g.Mute, g.Looks = true, true
		for range 5 {
			awaitWaiting(t, g, waitsForMessages)
			echo(g)
		}
		g.Send(g.Call(1, methodTransform, hosttest.Rx(2), hosttest.Tx(4)))
		for range 5 {
			g.Send(hosttest.Data(2, hosttest.Text("a")))
			require.Equal(t, hosttest.Text("A"), g.Expect(layout.MsgData, 4).Payload)
		}
		g.Send(hosttest.Close(2))
		g.Expect(layout.MsgResponse, 1)
		g.Send(drive(g, driven, "echo", 3))
		for range 3 {
			m := g.Called(methodEcho)
			g.Send(hosttest.Result(m.ID, m.Payload))
		}
		requireDriven(t, g, driven)
	}},
	"foreign host that never wakes, places and slots": {
		config: hosttest.Config{Foreign: true, RingSize: 2, SlotsPerGuest: 1, InitialCredit: 1 << 20},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Mute, g.Looks = true, true
			g.Send(flood(g, 100))
			for range 20 {
				g.Expect(layout.MsgData, 2)
			}
			g.HoldPlaces, g.HoldSlots = true, true
			g.Expect(layout.MsgData, 2)
			g.HoldPlaces, g.HoldSlots = false, false
			g.GiveSlots()
			g.GivePlaces()
			endFlood(t, g)
		},
	},
	"foreign host's channel ids are any": {config: foreign, play: func(t *testing.T, g *hosttest.Guest) {
		for i, channel := range []uint32{g.MaxChannels, 1<<32 - 2, 2, 2, 2} {
			sum(t, g, uint32(i+1), channel)
		}
	}},
	"channel ids of the guest run on with a foreign host": {
		config: hosttest.Config{Foreign: true, MaxChannels: 4},
		play: func(t *testing.T, g *hosttest.Guest) {
			last := uint32(0)
			for range 10 {
				g.Send(drive(g, driven, "sum", 3))
				ch := serveSum(t, g, g.Called(methodSum))
				requireDriven(t, g, driven)
				require.Greater(t, ch, last)
				last = ch
			}
		},
	},
	"foreign host renews no credit": {
		config: hosttest.Config{Foreign: true, InitialCredit: 1050},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(flood(g, 100))
			for range 10 {
				g.Expect(layout.MsgData, 2)
			}
			answersMeanwhile(g)
			require.Empty(t, g.Queued())
			endFlood(t, g)
		},
	},
	"foreign host sends without credit where it is read": {
		config: hosttest.Config{Foreign: true, InitialCredit: 1000},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(g.Call(1, methodTransform, hosttest.Rx(2), hosttest.Tx(4)))
			for range 9 { // and 900 bytes come back
				g.Send(hosttest.Data(2, item100))
				g.Expect(layout.MsgData, 4)
			}
			g.Send(hosttest.Close(2))
			g.Response(1)
			g.Send(g.Call(2, methodDrain, hosttest.Rx(6)))
			for range 500 {
				g.Send(hosttest.Data(6, item100))
			}
			g.Send(hosttest.Close(6))
			g.RequireResult(2, hosttest.Uint(500*99))
		},
	},
	"foreign host sends without end where nobody reads": {
		config: foreign,
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(g.Call(1, methodHold, hosttest.Rx(2)))
			item := make([]byte, g.MaxPayload)
			for range 1 << 20 { // far over any bound
				if g.Over() {
					break
				}
				g.TrySend(hosttest.Data(2, item))
			}
			g.RequireGoodbye(wire.RuleCreditOverrun)
		},
	},
	"surplus requests of a foreign host": {config: foreign, play: func(t *testing.T, g *hosttest.Guest) {
		for id := range uint32(1024) {
			g.Send(g.Call(id+1, methodBlock))
		}
		for id := uint32(1025); id < 1030; id++ {
			g.Send(g.Call(id, methodHold, hosttest.Rx(2*id)), hosttest.Data(2*id, hosttest.Text("dropped")), hosttest.Close(2*id))
			requireFailure(t, g.Expect(layout.MsgResponse, id), "1024")
		}
		g.Send(hosttest.Cancel(5))
		requireCancelled(t, g.Expect(layout.MsgResponse, 5))
		g.Send(g.Call(5, methodEcho, hosttest.Text("x")))
		g.RequireResult(5, hosttest.Text("x"))
		assert.Empty(t, g.Queued())
		for id := range uint32(1024) {
			g.Send(hosttest.Cancel(id + 1))
		}
		for id := range uint32(1024) {
			if id != 4 {
				requireCancelled(t, g.Expect(layout.MsgResponse, id+1))
			}
		}
	}},
	"surplus answers that wait for room": {
		config: hosttest.Config{Foreign: true, RingSize: 2},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Deaf = true // its ring is full with the first of them
			for id := uint32(1); id <= 1024+1024+2; id++ {
				g.TrySend(g.Call(id, methodBlock))
			}
			g.Deaf = false
			g.RequireFailure(wire.RuleInFlight)
		},
	},
	"datagram doorbell": {attach: func(t *testing.T, guest []string) {
		needsPidfd(t)
		g := withBell(t, unix.SOCK_DGRAM, guest)
		for range 20 {
			echo(g)
		}
		g.HangUp() // shows in a ring alone
		g.Mute = true
		g.Send(g.Call(1, methodEcho, hosttest.Text("x")))
		g.RequireFailure("died")
	}},
	"datagram doorbell of a host that dies": {attach: func(t *testing.T, guest []string) {
		needsPidfd(t)
		h := hosttest.NewAt(t, foreign)
		g := h.SpawnWith(unix.SOCK_DGRAM, func(ticket []string) *exec.Cmd { // a shell stands in for the host's process
			sh := []string{"/bin/sh", "-c", `"$@" & wait`, "sh"}
			return hosttest.Command(append(sh, append(guest, "-ticket")...), ticket...)
		})
		g.AwaitClaim()
		g.Kill()
		g.Ended()
		assert.Contains(t, g.Said(), "died")
	}},
	"foreign host that leaves": {config: foreign, play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodBlock))
		g.Leave()
		g.RequireSuccess()
	}},
	"foreign host that guests walk up to": {
		config: foreign,
		way:    "walked up",
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Mute = true
			for range 5 {
				echo(g)
			}
			assert.True(t, g.Locked(1))
		},
	},
})

// needsPidfd skips a case where guests cannot watch the process of their host.
func needsPidfd(t *testing.T) {
	t.Helper()
	if os.Getenv(cWrapper) != "" {
		t.Skip("valgrind has no pidfd_open")
	}
}
