package conformance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/hosttest"
	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// Calls of the host that the guest serves.
var _ = register(map[string]rawCase{
	"duplicate request id": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodBlock), g.Call(1, methodBlock))
		g.RequireGoodbye(wire.RuleDuplicateRequest)
	}},
	"request id again right after its response": {play: func(t *testing.T, g *hosttest.Guest) {
		for range 300 {
			g.Send(g.Call(1, methodEcho, hosttest.Text("x")))
			g.RequireResult(1, hosttest.Text("x"))
			g.Send(g.Call(1, methodInline, hosttest.Uint(1), hosttest.Uint(2)))
			g.RequireResult(1, hosttest.Uint(3))
			g.Send(g.Call(1, methodMissing))
			require.Equal(t, []byte{1, hosttest.UnknownMethod}, g.Response(1))
			g.Send(g.Call(1, methodSum, hosttest.Rx(2)), hosttest.Close(2))
			g.RequireResult(1, hosttest.Int(0))
			g.AwaitFree(2)
		}
	}},
	"any request id of 32 bits": {play: func(t *testing.T, g *hosttest.Guest) {
		for _, id := range []uint32{1, 1 << 31, 1<<32 - 1, 7} {
			g.Send(g.Call(id, methodAdd, hosttest.Uint(1), hosttest.Uint(2)))
			g.RequireResult(id, hosttest.Uint(3))
		}
	}},
	"1024 requests in flight": {play: func(t *testing.T, g *hosttest.Guest) {
		for id := range uint32(1023) {
			g.Send(g.Call(id+1, methodBlock))
		}
		g.Send(g.Call(1024, methodEcho, hosttest.Text("the last place")))
		g.RequireResult(1024, hosttest.Text("the last place"))
		for id := range uint32(1023) {
			g.Send(hosttest.Cancel(id + 1))
		}
		for id := range uint32(1023) {
			requireCancelled(t, g.Expect(layout.MsgResponse, id+1))
		}
	}},
	"1025th request": {play: func(t *testing.T, g *hosttest.Guest) {
		for id := range uint32(1025) {
			g.Send(g.Call(id+1, methodBlock))
		}
		g.RequireGoodbye(wire.RuleInFlight)
	}},
	"responses in any order": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodBlock), g.Call(2, methodBlock), g.Call(3, methodEcho, hosttest.Text("x")))
		g.RequireResult(3, hosttest.Text("x"))
		g.Send(hosttest.Cancel(2))
		requireCancelled(t, g.Expect(layout.MsgResponse, 2))
		g.Send(hosttest.Cancel(1))
		requireCancelled(t, g.Expect(layout.MsgResponse, 1))
		assert.Empty(t, g.Queued())
	}},
	"response to an unknown request": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(hosttest.Result(1), hosttest.Failure(1<<32-1, hosttest.UnknownMethod),
			hosttest.Result(0, hosttest.Text("nobody asked, and it takes a slot")))
	}},
	"unknown method": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodMissing, hosttest.Text("arguments")))
		require.Equal(t, []byte{1, hosttest.UnknownMethod}, g.Response(1))
	}},
	"arguments that do not decode": {play: func(t *testing.T, g *hosttest.Guest) {
		for i, arguments := range [][]byte{
			nil, {0xff, 0xff}, {1, 0xff}, append(hosttest.Text("and more"), 0),
			[]byte("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
		} {
			id := uint32(i + 1)
			g.Send(g.Call(id, methodEcho, arguments))
			require.Equal(t, []byte{1, hosttest.InvalidPayload}, g.Response(id), "%q", arguments)
		}
		g.Send(g.Call(9, methodBlock, []byte{0}))
		require.Equal(t, []byte{1, hosttest.InvalidPayload}, g.Response(9), "bytes after the arguments")
	}},
	"largest payload": {play: func(t *testing.T, g *hosttest.Guest) {
		data := strings.Repeat("x", int(g.MaxPayload)-2-2-1) // with metadata, its own length and the tag of the result
		g.Send(g.Call(1, methodBytes, hosttest.Text(data)))
		g.RequireResult(1, hosttest.Text(data))
	}},
	"request over the limit": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodBytes, hosttest.Text(strings.Repeat("x", int(g.MaxPayload)-2-2+1))))
		g.RequireGoodbye(wire.RulePayloadLimit)
	}},
	"result over the limit": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodBytes, hosttest.Text(strings.Repeat("x", int(g.MaxPayload)-2-2))))
		m := g.Expect(layout.MsgResponse, 1)
		requireFailure(t, m, "4097", "4096")
	}},
	"roam.error is cut to what fits": {
		config: hosttest.Config{MaxPayload: 200, SlotSize: 208},
		play: func(t *testing.T, g *hosttest.Guest) {
			text := strings.Repeat("no paper ", 21) // 189 bytes, and in an answer some more beside it
			g.Send(g.Call(1, methodFail, hosttest.Text(text)))
			m := g.Expect(layout.MsgResponse, 1)
			said := requireFailure(t, m)
			assert.NotEmpty(t, said)
			assert.True(t, strings.HasPrefix(text, said), "%q", said)
		},
	},
	"cancel ends the handler": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodBlock), hosttest.Cancel(1))
		requireCancelled(t, g.Expect(layout.MsgResponse, 1))
	}},
	"cancel of a request that is done, or never was": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodEcho, hosttest.Text("x")))
		g.RequireResult(1, hosttest.Text("x"))
		g.Send(hosttest.Cancel(1), hosttest.Cancel(77), hosttest.Cancel(0), hosttest.Cancel(1<<32-1))
	}},
	"cancel twice": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodBlock), hosttest.Cancel(1), hosttest.Cancel(1))
		requireCancelled(t, g.Expect(layout.MsgResponse, 1))
	}},
	"handlers that wait delay nobody": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodSum, hosttest.Rx(2)), g.Call(2, methodFlood, hosttest.Uint(1<<40), hosttest.Uint(1000), hosttest.Tx(4)),
			g.Call(3, methodBlock), g.Call(4, methodSum, hosttest.Rx(6)))
		g.Send(g.Call(5, methodEcho, hosttest.Text("x")))
		g.RequireResult(5, hosttest.Text("x"))
		g.Send(hosttest.Data(6, hosttest.Int(40)), hosttest.Data(6, hosttest.Int(2)), hosttest.Close(6))
		g.RequireResult(4, hosttest.Int(42))
		g.Send(hosttest.Cancel(3))
		requireCancelled(t, g.Expect(layout.MsgResponse, 3))
		g.Send(hosttest.Cancel(2), hosttest.Reset(4))
		requireFailure(t, g.Expect(layout.MsgResponse, 2))
		g.Send(hosttest.Close(2))
		g.RequireResult(1, hosttest.Int(0))
		g.AwaitFree(2, 4, 6)
	}},
	"handlers end in any order": {threads: true, play: func(t *testing.T, g *hosttest.Guest) {
		for id := range uint32(6) {
			g.Send(g.Call(id+1, methodSum, hosttest.Rx(2*id+2)))
		}
		answersMeanwhile(g)
		for id := range uint32(6) {
			g.Send(hosttest.Close(2*id + 2))
			g.RequireResult(id+1, hosttest.Int(0))
			g.AwaitFree(2*id + 2)
		}
	}},
	"handler that panics": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodPanic))
		assert.Equal(t, "panic: testbed panics", requireFailure(t, g.Expect(layout.MsgResponse, 1)))
	}},
	"handler that fails": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(g.Call(1, methodFail, hosttest.Text("no paper")),
			g.Call(2, methodCheck, hosttest.Uint(7)), g.Call(3, methodCheck, hosttest.Uint(0)))
		assert.Equal(t, "no paper", requireFailure(t, g.Expect(layout.MsgResponse, 1)))
		assert.Equal(t, []byte{1, 0, 7}, g.Response(2), "a declared error")
		g.RequireResult(3)
	}},
	"deadline of a request": {play: func(t *testing.T, g *hosttest.Guest) {
		m := g.Call(1, methodBlock)
		m.Metadata = wire.Metadata{{Key: roam.MetadataTimeout, Value: wire.U64Value(1_000_000)}}
		g.Send(m)
		answer := g.Expect(layout.MsgResponse, 1)
		assert.Equal(t, []byte{1, hosttest.Cancelled}, answer.Payload)
	}},
	"deadline that has passed": {play: func(t *testing.T, g *hosttest.Guest) {
		m := g.Call(1, methodBlock)
		m.Metadata = wire.Metadata{{Key: roam.MetadataTimeout, Value: wire.U64Value(0)}}
		g.Send(m)
		answer := g.Expect(layout.MsgResponse, 1)
		assert.Equal(t, []byte{1, hosttest.Cancelled}, answer.Payload)
	}},
	"deadline beyond any clock": {play: func(t *testing.T, g *hosttest.Guest) {
		m := g.Call(1, methodBlock)
		m.Metadata = wire.Metadata{{Key: roam.MetadataTimeout, Value: wire.U64Value(1<<64 - 1)}}
		g.Send(m, g.Call(2, methodEcho, hosttest.Text("x")))
		g.RequireResult(2, hosttest.Text("x"))
		assert.Empty(t, g.Queued())
		g.Send(hosttest.Cancel(1))
		requireCancelled(t, g.Expect(layout.MsgResponse, 1))
	}},
})

// requireFailure says that a Response is a failure that no method declares, and gives what
// it says, which has each of the words.
func requireFailure(t *testing.T, m hosttest.Message, words ...string) string {
	t.Helper()
	require.Equal(t, []byte{1, hosttest.Cancelled}, m.Payload)
	value, _ := m.Metadata.Get(roam.MetadataError)
	text, _ := value.Text()
	for _, word := range words {
		assert.Contains(t, text, word, "roam.error")
	}
	return text
}

// requireCancelled says that a Response is that of a call that was cancelled.
func requireCancelled(t *testing.T, m hosttest.Message) {
	t.Helper()
	require.Equal(t, []byte{1, hosttest.Cancelled}, m.Payload)
}
