package conformance

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/hosttest"
	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// driven is the id of the Request that has the guest call.
const driven = 1000

// oneChannel and twoChannels have so many ids for the guest.
var (
	oneChannel  = hosttest.Config{MaxChannels: 2}
	twoChannels = hosttest.Config{MaxChannels: 4}
)

// requireDriven waits until a scenario of the guest has come to its end, without an error.
func requireDriven(t *testing.T, g *hosttest.Guest, id uint32) {
	t.Helper()
	m := g.Expect(layout.MsgResponse, id)
	require.Equal(t, []byte{0}, m.Payload, "%v", m.Metadata)
}

// channels are those that a Request of the guest names.
func channels(m hosttest.Message) (ids []uint32) {
	for _, c := range channelsOf(m.Method, m.Payload) {
		ids = append(ids, c.ID)
	}
	return ids
}

// serveSum answers a Sum of the guest, whose numbers are those from 0 on.
func serveSum(t *testing.T, g *hosttest.Guest, m hosttest.Message) (channel uint32) {
	t.Helper()
	channel, total := takeNumbers(t, g, m)
	g.Send(hosttest.Result(m.ID, hosttest.Int(total)))
	return channel
}

// takeNumbers receives what a Sum of the guest adds up.
func takeNumbers(t *testing.T, g *hosttest.Guest, m hosttest.Message) (channel uint32, total int64) {
	t.Helper()
	channel = channels(m)[0]
	for next := int64(0); ; next++ {
		item := g.Await("an item", func(m *hosttest.Message) bool { return m.ID == channel && m.Type >= layout.MsgData })
		if item.Type == layout.MsgClose {
			return channel, total
		}
		require.Equal(t, hosttest.Data(channel, hosttest.Int(next)), item)
		g.Grant(channel, uint32(len(item.Payload)))
		total += next
	}
}

// requireTold waits until the guest has said each of the words, in its Response or on its
// standard error.
func requireTold(t *testing.T, g *hosttest.Guest, m hosttest.Message, words ...string) {
	t.Helper()
	text := requireFailure(t, m)
	for _, word := range words {
		g.Eventually("the guest to say "+word, func() bool { return strings.Contains(text+g.Said(), word) })
	}
}

// Calls of the guest that the host serves.
var _ = register(map[string]rawCase{
	"request ids of the guest count up from 1": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "echo", 5))
		for id := range uint32(5) {
			m := g.Called(methodEcho)
			require.Equal(t, id+1, m.ID)
			g.Send(hosttest.Result(m.ID, m.Payload))
		}
		requireDriven(t, g, driven)
	}},
	"answers to the guest in any order": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "concurrent", 3))
		for range 3 {
			var calls messages
			for range 16 { // each worker waits for its answer
				calls = append(calls, g.Called(methodAdd))
			}
			for _, m := range slices.Backward(calls) {
				d := wire.NewDecoder(m.Payload)
				g.Send(hosttest.Result(m.ID, hosttest.Uint(d.U64()+d.U64())))
			}
		}
		requireDriven(t, g, driven)
	}},
	"failures of the guest's calls": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "failures", 1))
		g.Send(hosttest.Message{Type: layout.MsgResponse, ID: g.Called(methodCheck).ID, Payload: []byte{1, 0, 7}})
		g.Send(failure(g.Called(methodFail).ID, "no paper"))
		g.Send(failure(g.Called(methodPanic).ID, "panic: testbed panics"))
		g.Send(hosttest.Failure(g.Called(methodMissing).ID, hosttest.UnknownMethod))
		g.Send(hosttest.Failure(g.Called(methodEcho).ID, hosttest.InvalidPayload))
		m := g.Called(methodCheck) // the call over the limit was refused where it was made
		g.Send(hosttest.Result(m.ID))
		requireDriven(t, g, driven)
	}},
	"result that does not decode": {play: func(t *testing.T, g *hosttest.Guest) {
		for _, result := range [][]byte{{}, {0}, {0, 5, 'x'}, {0, 0, 0}, {2}, {1}, {1, 9}, {1, 1, 0}} {
			g.Send(drive(g, driven, "echo", 1))
			g.Send(hosttest.Message{Type: layout.MsgResponse, ID: g.Called(methodEcho).ID, Payload: result})
			requireFailure(t, g.Expect(layout.MsgResponse, driven))
		}
	}},
	"forms of a response's metadata": {play: func(t *testing.T, g *hosttest.Guest) {
		for _, prefix := range []string{"\x00", "\x01\x00"} {
			g.Send(drive(g, driven, "echo", 1))
			m := g.Called(methodEcho)
			g.Send(bare(hosttest.Message{Type: layout.MsgResponse, ID: m.ID, Payload: slices.Concat([]byte(prefix), []byte{0}, m.Payload)}))
			requireDriven(t, g, driven)
		}
		g.Send(drive(g, driven, "echo", 1))
		m := g.Called(methodEcho)
		answer := hosttest.Result(m.ID, m.Payload)
		answer.Metadata = wire.Metadata{{Key: "unknown", Value: wire.U64Value(1)}}
		g.Send(answer)
		requireDriven(t, g, driven)
	}},
	"response over the limit": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "echo", 1))
		g.Send(hosttest.Result(g.Called(methodEcho).ID, make([]byte, g.MaxPayload-2)))
		g.RequireGoodbye(wire.RulePayloadLimit)
	}},
	"time left travels": {play: func(t *testing.T, g *hosttest.Guest) {
		m := drive(g, driven, "echo", 1)
		m.Metadata = wire.Metadata{{Key: roam.MetadataTimeout, Value: wire.U64Value(uint64(time.Hour))}}
		g.Send(m)
		m = g.Called(methodEcho)
		value, found := m.Metadata.Get(roam.MetadataTimeout)
		require.True(t, found, "%v", m.Metadata)
		left, ok := value.U64()
		require.True(t, ok)
		assert.Less(t, left, uint64(time.Hour))
		assert.Greater(t, left, uint64(time.Hour-10*time.Minute))
		g.Send(hosttest.Result(m.ID, m.Payload))
		requireDriven(t, g, driven)
	}},
	"call past its deadline": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "deadline", 20))
		requireDriven(t, g, driven) // nothing was answered
		for _, m := range g.TakeQueued() {
			if m.Type == layout.MsgRequest {
				value, _ := m.Metadata.Get(roam.MetadataTimeout)
				left, ok := value.U64()
				assert.True(t, ok && left <= uint64(time.Millisecond), "%v", m.Metadata)
				g.Send(hosttest.Failure(m.ID, hosttest.Cancelled))
			}
		}
	}},
	"call ends with the request that it is made for": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "kept", 10))
		m := g.Called(methodKeep)
		g.Send(hosttest.Cancel(driven))
		g.Expect(layout.MsgCancel, m.ID)
		requireFailure(t, g.Expect(layout.MsgResponse, driven))
		g.Send(hosttest.Failure(m.ID, hosttest.Cancelled))
	}},

	"call that is given up": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "abandon", 1))
		m := g.Called(methodTransform)
		ch := channels(m)
		require.Equal(t, hosttest.Text("word"), g.Expect(layout.MsgData, ch[0]).Payload)
		g.Send(hosttest.Data(ch[1], hosttest.Text("WORD"))) // then the guest gives up
		requireDriven(t, g, driven)                         // though the call was not answered
		answersMeanwhile(g)
		requireKinds(t, g, layout.MsgCancel, layout.MsgReset, layout.MsgReset)
		for _, c := range ch {
			require.EqualValues(t, layout.EntryActive, g.State(c), "the callee frees")
		}
		g.Send(hosttest.Data(ch[1], hosttest.Text("on its way")), hosttest.Close(ch[1]), hosttest.Result(m.ID))
		g.Free(ch...)
	}},
	"request id of a call that is given up": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "cancel", 5))
		var given []uint32
		for range 5 {
			given = append(given, g.Called(methodBlock).ID)
			g.Send(hosttest.Result(g.Called(methodAdd).ID, hosttest.Uint(3)))
			g.Expect(layout.MsgCancel, given[len(given)-1])
		}
		requireDriven(t, g, driven)
		g.Send(drive(g, driven, "echo", 1))
		m := g.Called(methodEcho)
		require.NotContains(t, given, m.ID)
		for _, id := range given {
			g.Send(hosttest.Failure(id, hosttest.Cancelled))
		}
		g.Send(hosttest.Result(m.ID, m.Payload))
		requireDriven(t, g, driven)
	}},
	"calls beyond 1024 wait for a place": {
		config: hosttest.Config{RingSize: 64},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(drive(g, driven, "crowd", 1034))
			var blocked []uint32
			for range 1024 {
				blocked = append(blocked, g.Called(methodBlock).ID)
			}
			answersMeanwhile(g)
			require.Empty(t, g.Queued())
			for _, id := range blocked[:10] {
				g.Send(hosttest.Result(id))
				blocked = append(blocked, g.Called(methodBlock).ID)
			}
			for _, id := range blocked[10:] {
				g.Send(hosttest.Result(id))
			}
			requireDriven(t, g, driven)
		},
	},
	"guest's stream up": {config: oneChannel, play: func(t *testing.T, g *hosttest.Guest) {
		for range 3 {
			g.Send(drive(g, driven, "sum", 50))
			ch := serveSum(t, g, g.Called(methodSum))
			requireDriven(t, g, driven)
			answersMeanwhile(g)
			require.EqualValues(t, layout.EntryActive, g.State(ch), "freed by the caller")
			g.Free(ch)
		}
	}},
	"guest's stream down": {
		config: hosttest.Config{MaxChannels: 2, InitialCredit: 10},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.Send(drive(g, driven, "generate", 50)) // items of one byte
			m := g.Called(methodGenerate)
			ch := channels(m)[0]
			for i := range uint32(50) {
				g.AwaitGranted(ch, i+1)
				g.Send(hosttest.Data(ch, hosttest.Int(int64(i))))
			}
			g.Send(hosttest.Close(ch), hosttest.Result(m.ID))
			requireDriven(t, g, driven)
			g.Free(ch)
		},
	},
	"response without a close ends what the caller receives": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "generate", 2))
		m := g.Called(methodGenerate)
		ch := channels(m)[0]
		g.Send(hosttest.Data(ch, hosttest.Int(0)), hosttest.Data(ch, hosttest.Int(1)), hosttest.Result(m.ID))
		requireDriven(t, g, driven)
		g.Free(ch)
	}},
	"stream up goes on after the response": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "sum", 20_000))
		m := g.Called(methodSum)
		ch := channels(m)[0]
		g.Send(hosttest.Result(m.ID, hosttest.Int(199_990_000)))
		for n := 0; ; n++ {
			item := g.Await("an item", func(m *hosttest.Message) bool { return m.ID == ch && m.Type >= layout.MsgData })
			if item.Type == layout.MsgClose {
				require.Equal(t, 20_000, n)
				break
			}
			g.Grant(ch, uint32(len(item.Payload)))
		}
		requireDriven(t, g, driven)
		g.Free(ch)
	}},
	"caller that is reset answers with close": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "upload", 1<<30))
		m := g.Called(methodDrain)
		ch := channels(m)[0]
		g.Expect(layout.MsgData, ch)
		g.Send(hosttest.Reset(ch))
		g.Expect(layout.MsgClose, ch)
		g.Send(failure(m.ID, "had enough"))
		requireFailure(t, g.Expect(layout.MsgResponse, driven))
		answersMeanwhile(g)
		require.EqualValues(t, layout.EntryActive, g.State(ch), "freed by the caller")
		g.Free(ch)
		for _, m := range g.TakeQueued() {
			require.Equal(t, uint8(layout.MsgData), m.Type, "%v", m)
		}
	}},
	"reset of what the caller receives": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "generate", 2))
		m := g.Called(methodGenerate)
		ch := channels(m)[0]
		g.Send(hosttest.Data(ch, hosttest.Int(0)), hosttest.Reset(ch), failure(m.ID, "out of numbers"))
		requireFailure(t, g.Expect(layout.MsgResponse, driven))
		g.Free(ch)
		assert.Empty(t, g.Queued())
	}},
	"end that the guest's program drops": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "dropped", 1))
		m := g.Called(methodSum)
		ch := channels(m)[0]
		require.Equal(t, hosttest.Int(1), g.Expect(layout.MsgData, ch).Payload)
		g.Await("the end of the channel", func(m *hosttest.Message) bool {
			return m.ID == ch && (m.Type == layout.MsgClose || m.Type == layout.MsgReset)
		})
		g.Send(hosttest.Result(m.ID, hosttest.Int(1)))
		requireDriven(t, g, driven)
		g.Free(ch)
	}},

	"refused call of the guest":     {config: twoChannels, play: refusedCall(hosttest.UnknownMethod)},
	"undecodable call of the guest": {config: twoChannels, play: refusedCall(hosttest.InvalidPayload)},
	"more channels than there are ids": {config: oneChannel, play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "transform", 1))
		requireTold(t, g, g.Expect(layout.MsgResponse, driven), "2 channels", "1 channel ids")
		assert.Empty(t, g.Queued())
	}},
	"call that waits for a channel id": {config: oneChannel, play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "sum", 3), drive(g, driven+1, "sum", 3))
		first := g.Called(methodSum)
		ch, total := takeNumbers(t, g, first)
		answersMeanwhile(g)
		require.Empty(t, g.Queued())
		g.Free(ch) // and nothing else happens
		second := g.Called(methodSum)
		g.Send(hosttest.Result(first.ID, hosttest.Int(total)))
		ch, total = takeNumbers(t, g, second)
		g.Free(ch)
		g.Send(hosttest.Result(second.ID, hosttest.Int(total)))
		requireDriven(t, g, driven)
		requireDriven(t, g, driven+1)
	}},
	"calls that need all the channel ids": {config: twoChannels, play: func(t *testing.T, g *hosttest.Guest) {
		for i := range uint32(8) {
			g.Send(drive(g, driven+i, "transform", 0))
		}
		for range 8 {
			m := g.Called(methodTransform)
			ch := channels(m)
			g.Expect(layout.MsgClose, ch[0])
			g.Send(hosttest.Close(ch[1]), hosttest.Result(m.ID))
			g.Free(ch...)
		}
		for i := range uint32(8) {
			requireDriven(t, g, driven+i)
		}
	}},
	"channel id whose last messages lie in the ring": {
		config: hosttest.Config{MaxChannels: 2, RingSize: 256},
		play: func(t *testing.T, g *hosttest.Guest) {
			many := make(messages, 200) // more than are received at once
			for i := range many {
				many[i] = hosttest.Result(99)
			}
			for range 20 {
				g.Send(drive(g, driven, "sum", 3), drive(g, driven+1, "sum", 3))
				first := g.Called(methodSum)
				ch, _ := takeNumbers(t, g, first)
				g.Quietly(func() {
					g.Send(append(many, hosttest.Reset(ch))...) // which has crossed with the Close
					g.Free(ch)
				})
				g.WakeOnce()
				second := g.Called(methodSum)
				_, total := takeNumbers(t, g, second)
				g.Free(ch)
				require.EqualValues(t, 3, total, "the Reset has hit the next use")
				g.Send(hosttest.Result(first.ID, hosttest.Int(3)), hosttest.Result(second.ID, hosttest.Int(3)))
				requireDriven(t, g, driven)
				requireDriven(t, g, driven+1)
			}
		},
	},
	"request that is never published": {
		config: hosttest.Config{MaxChannels: 2, RingSize: 2},
		play: func(t *testing.T, g *hosttest.Guest) {
			g.HoldPlaces, g.Deaf = true, true
			g.Send(g.Call(1, methodEcho, hosttest.Text("x")))
			g.Eventually("an answer that fills the ring", func() bool { return g.Lying() == g.RingSize-1 })
			g.Send(drive(g, driven, "sum", 3))
			g.Eventually("a guest that waits for a place", func() bool {
				return g.Flags()&(layout.FlagFutexSpace|layout.FlagBellSpace) != 0
			})
			g.Send(hosttest.Cancel(driven))
			g.Eventually("a guest that has seen that", func() bool { return g.Room() == g.RingSize-1 && asleep(t, g.Pid()) })
			g.Deaf = false
			g.RequireResult(1, hosttest.Text("x"))
			g.HoldPlaces = false
			g.GivePlaces()
			m, ok := g.Next()
			require.True(t, ok)
			requireFailure(t, m)
			g.AwaitFree(1)
			g.Send(drive(g, driven, "sum", 3))
			g.Free(serveSum(t, g, g.Called(methodSum)))
			requireDriven(t, g, driven)
		},
	},

	"overrun of the guest's window": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "unheard", 1))
		ch := channels(g.Called(methodFlood))[0]
		for range 4 {
			g.Send(hosttest.Data(ch, make([]byte, g.InitialCredit/4)))
		}
		g.Send(hosttest.Data(ch, []byte{0}))
		g.RequireGoodbye(wire.RuleCreditOverrun)
	}},
	"data after close, to the caller": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "generate", 3))
		ch := channels(g.Called(methodGenerate))[0]
		g.Send(hosttest.Data(ch, hosttest.Int(0)), hosttest.Close(ch), hosttest.Data(ch, hosttest.Int(1)))
		g.RequireGoodbye(wire.RuleDataAfterClose)
	}},
	"item that does not decode, to the caller": {play: func(t *testing.T, g *hosttest.Guest) {
		g.Send(drive(g, driven, "generate", 3))
		ch := channels(g.Called(methodGenerate))[0]
		g.Send(hosttest.Data(ch, []byte("\xff\xff\xff\xff\xff\xff")))
		g.RequireGoodbye(wire.RuleDataInvalid)
	}},
})

// failure is a Response with what a handler said.
func failure(id uint32, text string) hosttest.Message {
	m := hosttest.Failure(id, hosttest.Cancelled)
	m.Metadata = wire.Metadata{{Key: roam.MetadataError, Value: wire.StringValue(text)}}
	return m
}

// refusedCall refuses a call of the guest, which then frees its entries and uses the ids
// again.
func refusedCall(why byte) func(t *testing.T, g *hosttest.Guest) {
	return func(t *testing.T, g *hosttest.Guest) {
		for range 20 {
			g.Send(drive(g, driven, "transform", 3))
			m := g.Called(methodTransform)
			ch := channels(m)
			g.Expect(layout.MsgData, ch[0])
			g.Send(hosttest.Failure(m.ID, why))
			requireFailure(t, g.Expect(layout.MsgResponse, driven))
			g.AwaitFree(ch...)
			g.TakeQueued() // a Close, perhaps, from before the answer was seen
		}
	}
}
