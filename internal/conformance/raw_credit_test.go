package conformance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/hosttest"
	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/wire"
)

// item100 is an item of 100 bytes.
var item100 = hosttest.Text(strings.Repeat("x", 99))

// flood starts a stream of items of n bytes on channel 2 that has no end.
func flood(g *hosttest.Guest, n uint32) hosttest.Message {
	return g.Call(1, methodFlood, hosttest.Uint(1<<40), hosttest.Uint(uint64(n-1)), hosttest.Tx(2))
}

// endFlood ends it.
func endFlood(t *testing.T, g *hosttest.Guest) {
	t.Helper()
	g.Send(hosttest.Cancel(1), hosttest.Reset(2))
	requireFailure(t, g.Expect(layout.MsgResponse, 1))
	g.AwaitFree(2)
}

// answersMeanwhile has the guest answer a call, after which all that it sent before has
// come.
func answersMeanwhile(g *hosttest.Guest) {
	g.Send(g.Call(99, methodEcho, hosttest.Text("x")))
	g.RequireResult(99, hosttest.Text("x"))
}

var _ = register(map[string]rawCase{
	"never more than the credit, and all of it": {
		config: hosttest.Config{InitialCredit: 1050},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(flood(g, 100))
			for range 10 {
				require.Len(t, g.Expect(layout.MsgData, 2).Payload, 100)
			}
			answersMeanwhile(g)
			require.Empty(t, g.Queued(), "50 bytes are left")
			g.Grant(2, 49)
			answersMeanwhile(g)
			require.Empty(t, g.Queued(), "99 bytes are left")
			g.Grant(2, 1)
			g.Expect(layout.MsgData, 2)
			g.Grant(2, 250)
			g.Expect(layout.MsgData, 2)
			g.Expect(layout.MsgData, 2)
			answersMeanwhile(g)
			require.Empty(t, g.Queued(), "50 bytes are left")
			endFlood(t, g)
		},
	},
	"close and response need no credit": {
		config: hosttest.Config{InitialCredit: 1000},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(g.Call(1, methodFlood, hosttest.Uint(990), hosttest.Uint(99), hosttest.Tx(2)))
			for range 10 {
				g.Expect(layout.MsgData, 2)
			}
			requireKinds(t, g, layout.MsgClose, layout.MsgResponse)
			g.AwaitFree(2)
		},
	},
	"a byte of credit": {
		config: hosttest.Config{InitialCredit: 1},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(g.Call(1, methodGenerate, hosttest.Uint(3), hosttest.Tx(2))) // items of a byte, credit for one
			g.Expect(layout.MsgData, 2)
			answersMeanwhile(g)
			require.Empty(t, g.Queued())
			g.Grant(2, 1)
			g.Expect(layout.MsgData, 2)
			g.Grant(2, 1)
			requireKinds(t, g, layout.MsgData, layout.MsgClose, layout.MsgResponse)
			g.AwaitFree(2)
		},
	},
	"item larger than the window": {
		config: hosttest.Config{InitialCredit: 1000},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(g.Call(1, methodFlood, hosttest.Uint(2000), hosttest.Uint(1000), hosttest.Tx(2)))
			requireTold(t, g, g.Expect(layout.MsgResponse, 1), "1002", "1000")
			requireKinds(t, g, layout.MsgClose)
			g.AwaitFree(2)
		},
	},
	"credit is granted at once when all is consumed": {
		config: hosttest.Config{InitialCredit: 1000},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(g.Call(1, methodDrain, hosttest.Rx(2)))
			total := uint32(0)
			for range 30 {
				for _, size := range []uint32{1, 100, 900} {
					g.Send(hosttest.Data(2, encoded(size)))
					total += size
					g.AwaitGranted(2, g.InitialCredit+total)
				}
			}
			g.Send(hosttest.Close(2))
			g.Response(1)
			g.AwaitFree(2)
		},
	},
	"credit follows what the handler consumes": {
		config: hosttest.Config{InitialCredit: 1000},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(g.Call(1, methodTransform, hosttest.Rx(2), hosttest.Tx(4)))
			for sent := uint32(0); sent < 1600; sent += 100 { // the handler takes 1100 and stands, without credit
				g.AwaitGranted(2, sent+100)
				g.Send(hosttest.Data(2, item100))
			}
			for range 10 {
				g.Expect(layout.MsgData, 4)
			}
			answersMeanwhile(g)
			require.Empty(t, g.Queued())
			assert.LessOrEqual(t, g.Granted(2), g.InitialCredit+1100, "granted for what was not consumed")
			assert.GreaterOrEqual(t, g.Granted(2), g.InitialCredit+1100-500, "more than half the window is held back")
			g.Grant(4, 600)
			for range 6 {
				g.Expect(layout.MsgData, 4)
			}
			g.AwaitGranted(2, g.InitialCredit+1600)
			g.Send(hosttest.Close(2))
			requireKinds(t, g, layout.MsgClose, layout.MsgResponse)
			g.AwaitFree(2, 4)
		},
	},
	"nothing is granted for what is not read": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodHold, hosttest.Rx(2)))
		for range 40 { // all of the credit, through four slots
			g.Send(hosttest.Data(2, item100))
		}
		answersMeanwhile(g)
		assert.Equal(t, g.InitialCredit, g.Granted(2))
		g.Send(hosttest.Cancel(1))
		requireCancelled(t, g.Expect(layout.MsgResponse, 1))
		g.Expect(layout.MsgReset, 2)
		answersMeanwhile(g)
		assert.Equal(t, g.InitialCredit, g.Granted(2), "for what was dropped")
		g.Send(hosttest.Close(2))
		g.AwaitFree(2)
	}},
	"all of the credit and a byte more": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodHold, hosttest.Rx(2)))
		for range 4 {
			g.Send(hosttest.Data(2, make([]byte, g.InitialCredit/4)))
		}
		answersMeanwhile(g)
		g.Send(hosttest.Data(2, []byte{0}))
		g.RequireGoodbye(wire.RuleCreditOverrun)
	}},
	"credit that is taken back": {
		config: hosttest.Config{InitialCredit: 1000},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(flood(g, 100))
			for range 10 {
				g.Expect(layout.MsgData, 2)
			}
			g.SetGranted(2, 999)
			g.RequireGoodbye(wire.RuleShmCreditWrap)
		},
	},
	"credit beyond all bounds": {
		config: hosttest.Config{InitialCredit: 1000},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(flood(g, 100))
			for range 10 {
				g.Expect(layout.MsgData, 2)
			}
			g.SetGranted(2, 1000+1<<31)
			g.RequireGoodbye(wire.RuleShmCreditWrap)
		},
	},
})

// encoded is an item of n bytes, at most 128 or more than 129.
func encoded(n uint32) []byte {
	if n <= 128 {
		return hosttest.Text(strings.Repeat("x", int(n-1)))
	}
	return hosttest.Text(strings.Repeat("x", int(n-2)))
}
