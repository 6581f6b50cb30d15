package driver

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// violations are what a peer may do wrong, and the rule that ends the connection.
var violations = map[string]struct {
	rule     string
	messages func(x *target) []wire.Message
}{
	"duplicate request id": {wire.RuleDuplicateRequest, func(*target) []wire.Message {
		return []wire.Message{request(1, testbed.TestbedBlockID), request(1, testbed.TestbedBlockID)}
	}},
	"channel id zero in a request": {wire.RuleChannelZero, func(*target) []wire.Message {
		return []wire.Message{request(1, testbed.TestbedSumID, 0)}
	}},
	"channel id zero in data": {wire.RuleChannelZero, func(*target) []wire.Message {
		return []wire.Message{data(0, "x")}
	}},
	"channel id of the other side": {wire.RuleChannelParity, func(x *target) []wire.Message {
		return []wire.Message{request(1, testbed.TestbedSumID, x.channel(0)+1)}
	}},
	"channel id named twice": {wire.RuleChannelUniqueness, func(x *target) []wire.Message {
		return []wire.Message{request(1, testbed.TestbedTransformID, x.channel(0), x.channel(0))}
	}},
	"channel id still open": {wire.RuleChannelUniqueness, func(x *target) []wire.Message {
		return []wire.Message{request(1, testbed.TestbedHoldID, x.channel(0)), request(2, testbed.TestbedHoldID, x.channel(0))}
	}},
	"data after close": {wire.RuleDataAfterClose, func(x *target) []wire.Message {
		return []wire.Message{request(1, testbed.TestbedHoldID, x.channel(0)), control(wire.KindClose, x.channel(0)), data(x.channel(0), "\x00")}
	}},
	"unknown channel": {wire.RuleChannelUnknown, func(x *target) []wire.Message {
		return []wire.Message{data(x.channel(3), "x")}
	}},
	"unknown channel closed": {wire.RuleChannelUnknown, func(x *target) []wire.Message {
		return []wire.Message{control(wire.KindClose, x.channel(3))}
	}},
	"undecodable item": {wire.RuleDataInvalid, func(x *target) []wire.Message {
		return []wire.Message{request(1, testbed.TestbedSumID, x.channel(0)), data(x.channel(0), "\xff\xff\xff\xff\xff\xff")}
	}},
	"more than the credit": {wire.RuleCreditOverrun, func(x *target) []wire.Message {
		half := strings.Repeat("x", int(x.limits.InitialCredit)/2)
		return []wire.Message{request(1, testbed.TestbedHoldID, x.channel(0)), data(x.channel(0), half), data(x.channel(0), half), data(x.channel(0), "x")}
	}},
	"a payload over the limit": {wire.RulePayloadLimit, func(x *target) []wire.Message {
		return []wire.Message{{Kind: wire.KindRequest, ID: 1, Method: testbed.TestbedEchoID, Payload: make([]byte, x.limits.MaxPayload+1)}}
	}},
	"an item over the limit": {wire.RuleDataSizeLimit, func(x *target) []wire.Message {
		return []wire.Message{request(1, testbed.TestbedHoldID, x.channel(0)), data(x.channel(0), strings.Repeat("x", int(x.limits.MaxPayload)+1))}
	}},
	"too much metadata": {wire.RuleMetadataLimits, func(*target) []wire.Message {
		md := make(wire.Metadata, 129)
		m := request(1, testbed.TestbedBlockID)
		m.Metadata = wire.AppendMetadata(nil, md)
		return []wire.Message{m}
	}},
}

func TestViolationEndsTheConnectionWithItsRule(t *testing.T) {
	for name, v := range violations {
		t.Run(name, func(t *testing.T) {
			eachRawPeer(t, func(t *testing.T, x *target) {
				for _, m := range v.messages(x) {
					if !x.raw.send(m) {
						break
					}
				}
				x.requireGoodbye(t, v.rule)
			})
		})
	}
}

func TestChannelIndexOverTheTableIsGoodbye(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		if !x.shared {
			return // ids are not bounded
		}
		x.raw.send(request(1, testbed.TestbedSumID, x.channel(0)+uint64(x.limits.MaxChannels)))
		x.requireGoodbye(t, wire.RuleShmChannelTable)
	})
}

func TestSurplusRequests(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		for id := range uint64(1025) {
			x.raw.send(request(id+1, testbed.TestbedBlockID))
		}
		if x.shared {
			x.requireGoodbye(t, wire.RuleInFlight)
			return
		}
		m, ok := x.raw.next()
		require.True(t, ok)
		assert.Equal(t, wire.KindResponse, m.Kind)
		assert.Equal(t, []byte{1, 3}, m.Payload)
		text, _ := wire.FindString(m.Metadata, roam.MetadataError)
		assert.Contains(t, text, "1024")
		assert.NoError(t, x.handle.Err())
	})
}

func TestGoodbyeOfThePeerEndsEverything(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		called := make(chan error, 1)
		go func() { called <- testbed.NewClient(x.handle).Block(context.Background()) }()
		m, ok := x.raw.next()
		require.True(t, ok)
		require.Equal(t, wire.KindRequest, m.Kind)
		x.raw.send(wire.Message{Kind: wire.KindGoodbye, Payload: []byte("test.over: enough")})
		err := <-called
		require.ErrorIs(t, err, roam.ErrConnection)
		var end *roam.ConnectionError
		require.ErrorAs(t, err, &end)
		assert.True(t, end.Remote)
		assert.Equal(t, "test.over: enough", end.Reason)
		<-x.handle.Done()
	})
}

func TestGoodbyeReasonReachesThePeer(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		require.NoError(t, x.handle.Goodbye(context.Background(), "test.leaving: no longer needed"))
		assert.Equal(t, "test.leaving: no longer needed", x.raw.goodbye())
	})
}

func TestIgnoredMessages(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		ch := x.channel(0)
		for _, m := range []wire.Message{
			control(wire.KindCancel, 77), // no such request
			{Kind: wire.KindResponse, ID: 99, Payload: []byte{0}},
			request(1, 0xdead, ch), // unknown method: its channel is not opened
			data(ch, "sent before the answer was seen"),
			control(wire.KindClose, ch),
			request(2, testbed.TestbedEchoID), // undecodable
			data(x.channel(1), "same"),
			request(3, testbed.TestbedHoldID, ch),
			control(wire.KindReset, ch),
			control(wire.KindReset, ch), // crossed
			{Kind: wire.KindRequest, ID: 4, Method: testbed.TestbedEchoID, Payload: wire.AppendString(nil, "still here")},
		} {
			require.True(t, x.raw.send(m))
		}
		answers := map[uint64]string{}
		for len(answers) < 3 {
			m, ok := x.raw.next()
			require.True(t, ok)
			if m.Kind == wire.KindResponse {
				answers[m.ID] = string(m.Payload)
			}
		}
		assert.Equal(t, map[uint64]string{1: "\x01\x01", 2: "\x01\x02", 4: "\x00\x0astill here"}, answers)
	})
}
