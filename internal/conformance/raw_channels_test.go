package conformance

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/hosttest"
	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/wire"
)

// sum has the guest add up 40 and 2 on a channel.
func sum(t *testing.T, g *hosttest.Guest, id, channel uint32) {
	t.Helper()
	g.Send(g.Call(id, methodSum, hosttest.Rx(channel)),
		hosttest.Data(channel, hosttest.Int(40)), hosttest.Data(channel, hosttest.Int(2)), hosttest.Close(channel))
	g.RequireResult(id, hosttest.Int(42))
	g.AwaitFree(channel)
}

// violates is a case in which the host breaks a rule and is told so.
func violates(rule string, messages func(g *hosttest.Guest) []hosttest.Message) rawCase {
	return rawCase{play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(messages(g)...)
		g.RequireGoodbye(rule)
	}}
}

type messages = []hosttest.Message

// Channels of the host's calls.
var _ = register(map[string]rawCase{
	"data right behind the request, in order": {play: func(t *testing.T, g *hosttest.Guest) {
		for range 20 {
			g.Send(g.Call(1, methodTransform, hosttest.Rx(2), hosttest.Tx(4)), hosttest.Data(2, hosttest.Text("a")),
				hosttest.Data(2, hosttest.Text("b")), hosttest.Data(2, hosttest.Text("c")), hosttest.Close(2))
			for _, want := range []string{"A", "B", "C"} {
				m, ok := g.Next()
				require.True(t, ok)
				require.Equal(t, hosttest.Data(4, hosttest.Text(want)), m)
			}
			requireKinds(t, g, layout.MsgClose, layout.MsgResponse)
			g.AwaitFree(2, 4)
		}
	}},
	"data and close, then the response": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodGenerate, hosttest.Uint(3), hosttest.Tx(2)))
		requireKinds(t, g, layout.MsgData, layout.MsgData, layout.MsgData, layout.MsgClose, layout.MsgResponse)
		g.AwaitFree(2)
	}},
	"handler that returns resets what it has not read": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodIgnore, hosttest.Rx(2)))
		g.Expect(layout.MsgReset, 2)
		g.RequireResult(1, hosttest.Uint(0))
		g.Send(hosttest.Data(2, hosttest.Text("sent before the Reset was seen")), hosttest.Data(2, item100))
		g.Send(g.Call(3, methodEcho, hosttest.Text("x")))
		g.RequireResult(3, hosttest.Text("x"))
		require.EqualValues(t, layout.EntryActive, g.State(2), "freed before the caller's end")
		g.Send(hosttest.Close(2))
		g.AwaitFree(2)
		sum(t, g, 4, 2)
	}},
	"handler that panics ends its channels": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodBreak, hosttest.Rx(2), hosttest.Tx(4)))
		g.Expect(layout.MsgReset, 2)
		requireKinds(t, g, layout.MsgData, layout.MsgClose, layout.MsgResponse)
		require.EqualValues(t, layout.EntryActive, g.State(2), "freed before the caller's end")
		g.Send(hosttest.Reset(2))
		g.AwaitFree(2, 4)
	}},
	"channel that outlives its call": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodLinger, hosttest.Rx(2)))
		g.RequireResult(1)
		for i := range uint32(20) {
			g.Send(hosttest.Data(2, hosttest.Text(strings.Repeat("x", 998)))) // and its length: 1000
			g.AwaitGranted(2, g.InitialCredit+1000*(i+1))
		}
		g.Send(hosttest.Close(2))
		g.AwaitFree(2)
		assert.Empty(t, g.Queued())
	}},
	"reset ends what a handler receives": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodSum, hosttest.Rx(2)), hosttest.Data(2, hosttest.Int(1)), hosttest.Reset(2))
		requireFailure(t, g.Expect(layout.MsgResponse, 1))
		g.AwaitFree(2)
		assert.Empty(t, g.Queued())
		sum(t, g, 2, 2)
	}},
	"reset ends what a handler sends": {play: func(t *testing.T, g *hosttest.Guest) {
		for range 20 {
			g.Send(g.Call(1, methodFlood, hosttest.Uint(1<<40), hosttest.Uint(10), hosttest.Tx(2)))
			g.Expect(layout.MsgData, 2)
			g.Send(hosttest.Reset(2))
			requireFailure(t, g.Expect(layout.MsgResponse, 1))
			g.AwaitFree(2)
			for _, m := range g.TakeQueued() {
				require.Equal(t, uint8(layout.MsgData), m.Type, "%v", m)
			}
		}
	}},
	"reset that crosses the end": {play: func(t *testing.T, g *hosttest.Guest) {
		for range 50 {
			g.Send(g.Call(1, methodGenerate, hosttest.Uint(2), hosttest.Tx(2)), hosttest.Reset(2))
			g.Response(1)
			g.AwaitFree(2)
		}
		g.TakeQueued()
		g.Send(hosttest.Reset(2))
	}},
	"cancel and resets of a call with channels": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodTransform, hosttest.Rx(2), hosttest.Tx(4)), hosttest.Data(2, hosttest.Text("a")))
		require.Equal(t, hosttest.Text("A"), g.Expect(layout.MsgData, 4).Payload)
		g.Send(hosttest.Cancel(1), hosttest.Reset(2), hosttest.Reset(4))
		requireFailure(t, g.Expect(layout.MsgResponse, 1))
		g.AwaitFree(2, 4)
		sum(t, g, 2, 4)
	}},
	"one channel id a thousand times": {play: func(t *testing.T, g *hosttest.Guest) {
		for range 500 {
			sum(t, g, 1, 2)
			g.Send(g.Call(1, methodGenerate, hosttest.Uint(1), hosttest.Tx(2)))
			requireKinds(t, g, layout.MsgData, layout.MsgClose, layout.MsgResponse)
			g.AwaitFree(2)
		}
	}},
	"refused request opens nothing": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodMissing, hosttest.Rx(2), hosttest.Tx(4)), hosttest.Data(2, hosttest.Text("sent before the answer")))
		require.Equal(t, []byte{1, hosttest.UnknownMethod}, g.Response(1))
		g.Send(g.Call(2, methodTransform, hosttest.Rx(6), hosttest.Tx(8), []byte{0}), hosttest.Data(6, hosttest.Text("x")))
		require.Equal(t, []byte{1, hosttest.InvalidPayload}, g.Response(2))
		g.Send(hosttest.Close(2), hosttest.Reset(4), hosttest.Close(6), hosttest.Reset(8),
			hosttest.Data(14, hosttest.Text("of another one")))
		g.Free(2, 4, 6, 8)
		for i := range uint32(4) {
			sum(t, g, 3, 2+2*i)
		}
	}},
	"channel ids of a request that does not decode": {play: func(t *testing.T, g *hosttest.Guest) {
		for i, bad := range []uint64{0, 3, uint64(g.MaxChannels), 1<<32 + 2} {
			id := uint32(i + 1)
			g.Send(g.Call(id, methodSum, hosttest.Uint(bad), []byte{0}))
			require.Equal(t, []byte{1, hosttest.InvalidPayload}, g.Response(id), "channel %d", bad)
		}
		g.Send(g.Call(9, methodTransform, hosttest.Uint(0), []byte{0x80}))
		require.Equal(t, []byte{1, hosttest.InvalidPayload}, g.Response(9), "the second id is cut off")
		sum(t, g, 10, 2)
	}},
	"refusal excuses no message of the guest's ids": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodMissing))
		g.Response(1)
		g.Send(hosttest.Close(3))
		g.RequireGoodbye(wire.RuleChannelUnknown)
	}},

	"channel id zero in a request": violates(wire.RuleChannelZero, func(g *hosttest.Guest) messages {
		return messages{g.Call(1, methodSum, hosttest.Rx(0))}
	}),
	"channel id of the guest in a request": violates(wire.RuleChannelParity, func(g *hosttest.Guest) messages {
		return messages{g.Call(1, methodSum, hosttest.Rx(3))}
	}),
	"channel id named twice": violates(wire.RuleChannelUniqueness, func(g *hosttest.Guest) messages {
		return messages{g.Call(1, methodTransform, hosttest.Rx(2), hosttest.Tx(2))}
	}),
	"channel id still open": violates(wire.RuleChannelUniqueness, func(g *hosttest.Guest) messages {
		return messages{g.Call(1, methodHold, hosttest.Rx(2)), g.Call(2, methodHold, hosttest.Rx(2))}
	}),
	"channel id past the table in a request": violates(wire.RuleShmChannelTable, func(g *hosttest.Guest) messages {
		return messages{g.Call(1, methodSum, hosttest.Rx(g.MaxChannels))}
	}),
	"channel id over 32 bits in a request": violates(wire.RuleShmChannelTable, func(g *hosttest.Guest) messages {
		return messages{g.Call(1, methodSum, hosttest.Uint(1<<32+2))}
	}),
	"data after close": violates(wire.RuleDataAfterClose, func(g *hosttest.Guest) messages {
		return messages{g.Call(1, methodHold, hosttest.Rx(2)), hosttest.Close(2), hosttest.Data(2, hosttest.Text("x"))}
	}),
	"data of a channel that never was":          unknownChannel(hosttest.Data(8, hosttest.Text("x"))),
	"close of a channel that never was":         unknownChannel(hosttest.Close(8)),
	"reset of a channel that never was":         unknownChannel(hosttest.Reset(8)),
	"data of a guest's channel that never was":  unknownChannel(hosttest.Data(7, hosttest.Text("x"))),
	"reset of a guest's channel that never was": unknownChannel(hosttest.Reset(1)),
	"data on a channel that the guest sends on": violates(wire.RuleChannelUnknown, func(g *hosttest.Guest) messages {
		return messages{flood(g, 1000), hosttest.Data(2, hosttest.Text("x"))}
	}),
	"item that does not decode": violates(wire.RuleDataInvalid, func(g *hosttest.Guest) messages {
		return messages{g.Call(1, methodSum, hosttest.Rx(2)), hosttest.Data(2, []byte("\xff\xff\xff\xff\xff\xff"))}
	}),
	"item with bytes behind it": violates(wire.RuleDataInvalid, func(g *hosttest.Guest) messages {
		return messages{g.Call(1, methodSum, hosttest.Rx(2)), hosttest.Data(2, hosttest.Int(1), []byte{0})}
	}),
	"item over the limit": {
		config: hosttest.Config{InitialCredit: 1 << 20},
		play: func(t *testing.T, g *hosttest.Guest) {
			largest := make([]byte, g.MaxPayload)
			g.Send(g.Call(1, methodHold, hosttest.Rx(2)), hosttest.Data(2, largest), g.Call(2, methodEcho, hosttest.Text("x")))
			g.RequireResult(2, hosttest.Text("x"))
			g.Send(hosttest.Data(2, largest, []byte{0}))
			g.RequireGoodbye(wire.RuleDataSizeLimit)
		},
	},
	"items without bytes": {
		config: hosttest.Config{RingSize: 256},
		play: func(t *testing.T, g *hosttest.Guest) {
			const ticks = 300_000
			g.Send(g.Call(1, methodPile, hosttest.Rx(2), hosttest.Rx(4)), g.Call(2, methodEcho, hosttest.Text("x")))
			g.RequireResult(2, hosttest.Text("x"))
			before := residentKiB(t, g.Pid())
			batch := make([]hosttest.Message, 100)
			for i := range batch {
				batch[i] = hosttest.Data(4)
			}
			for range ticks / len(batch) {
				g.Send(batch...)
			}
			g.Send(g.Call(2, methodEcho, hosttest.Text("x")))
			g.RequireResult(2, hosttest.Text("x"))
			assert.Less(t, residentKiB(t, g.Pid())-before, 4<<10, "KiB more for %d items without bytes", ticks)
			g.Send(hosttest.Data(2, hosttest.Int(1)), hosttest.Close(4))
			g.RequireResult(1, hosttest.Uint(ticks))
			assert.Equal(t, g.InitialCredit, g.Granted(4), "credit for nothing")
			g.Send(hosttest.Close(2))
			g.AwaitFree(2, 4)
		},
	},
})

// residentKiB is the memory that a process has in use.
func residentKiB(t *testing.T, pid int) (n int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(status), "\nVmRSS:")
	require.True(t, found)
	_, err = fmt.Sscan(after, &n)
	require.NoError(t, err)
	return n
}

// unknownChannel is a message for a channel that never was.
func unknownChannel(m hosttest.Message) rawCase {
	return violates(wire.RuleChannelUnknown, func(*hosttest.Guest) messages { return messages{m} })
}
