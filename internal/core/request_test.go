package core

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/wire"
)

func TestDuplicateRequestIDIsGoodbye(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	p.serve(1)
	p.send(request(2))
	p.breaks(wire.RuleDuplicateRequest, request(1))
}

func TestQueuedAnswerKeepsItsRequestInFlight(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	p.core.Refuse(p.arrive(1), UnknownMethod)
	p.breaks(wire.RuleDuplicateRequest, request(1))
}

func TestRequestIDMayBeUsedAgainOnceItsResponseIsCommitted(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	p.answer(p.serve(1))
	p.answer(p.serve(1))
	p.core.Refuse(p.arrive(1), InvalidPayload)
	p.published()
	p.core.Respond(p.serve(1), nil, []byte{0})
	p.published()
	p.answer(p.serve(1))
	p.atRest()
}

func TestRequestsAreUsedAgain(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	first, second := p.serve(1), p.serve(2)
	first.Owner, second.Owner = 1, 2
	p.answer(first)
	p.answer(second)
	p.core.RecycleNext(first)
	p.core.RecycleNext(second) // after it, or not at all
	third, fourth := p.serve(3), p.serve(4)
	assert.Same(t, first, third)
	assert.NotSame(t, first, fourth)
	assert.EqualValues(t, 3, third.ID)
	assert.EqualValues(t, 4, fourth.ID)
	assert.Equal(t, 1, third.Owner, "it stays")
}

func TestInFlightOverrunOfATablePeerIsGoodbyeAtOnce(t *testing.T) {
	p := shared(t, handshake.Acceptor, 8)
	for id := uint64(1); id <= MaxInFlight; id++ {
		p.serve(id)
	}
	p.breaks(wire.RuleInFlight, request(MaxInFlight+1))
}

func TestInFlightOverrunOfOthersIsAnswered(t *testing.T) {
	for name, p := range map[string]*peer{
		"stream":  streams(t, handshake.Acceptor),
		"foreign": foreign(t, handshake.Acceptor, 8),
	} {
		t.Run(name, func(t *testing.T) {
			var first *Request
			for id := uint64(1); id <= MaxInFlight; id++ {
				first = p.serve(id)
			}
			p.send(request(5000))
			assert.Empty(t, p.effects(), "a surplus Request starts nothing")
			answers := p.published()
			require.Len(t, answers, 1)
			assert.Equal(t, []byte{1, 3}, answers[0].Payload)
			text, ok := wire.FindString(answers[0].Metadata, roam.MetadataError)
			assert.True(t, ok)
			assert.Contains(t, text, "1024")
			// A place that comes back is given to the next Request.
			p.answer(first)
			p.serve(5000)
		})
	}
}

func TestSurplusAnswersAreBounded(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	for id := uint64(1); id <= 2*MaxInFlight; id++ {
		p.send(request(id))
	}
	assert.Equal(t, Counts{Serving: 2 * MaxInFlight, Outbox: MaxInFlight}, p.core.Counts())
	p.breaks(wire.RuleDuplicateRequest, request(2*MaxInFlight))
	p.breaks(wire.RuleInFlight, request(2*MaxInFlight+1))
	// Once one of them has gone out there is a place for another.
	out := p.core.NextOut()
	require.True(t, p.core.CommitOut(out))
	p.core.Published(out)
	p.effects()
	p.send(request(2*MaxInFlight + 1))
	assert.Empty(t, p.effects(), "it is a surplus Request too")
	assert.Equal(t, Counts{Serving: 2 * MaxInFlight, Outbox: MaxInFlight}, p.core.Counts())
	p.breaks(wire.RuleInFlight, request(2*MaxInFlight+2))
}

func TestSurplusAnswersTakeNoPlaceInFlight(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	for id := uint64(1); id < MaxInFlight; id++ {
		p.serve(id)
	}
	p.core.Respond(p.serve(MaxInFlight), nil, []byte{0})
	p.send(request(5000)) // its answer waits behind
	out := p.core.NextOut()
	require.True(t, p.core.CommitOut(out))
	p.core.Published(out)
	assert.Equal(t, Counts{Serving: MaxInFlight, Outbox: 1}, p.core.Counts())
	p.serve(MaxInFlight)
}

func TestSurplusAnswerIsCutToWhatFits(t *testing.T) {
	for limit := range uint32(100) {
		p := streams(t, handshake.Acceptor)
		p.core.cfg.Limits.MaxPayload = limit
		for id := uint64(1); id <= MaxInFlight+1; id++ {
			p.send(request(id))
		}
		answers := p.published()
		require.Len(t, answers, 1)
		require.NoError(t, wire.CheckMetadata(answers[0].Metadata))
		size := len(wire.AppendMetadataPrefix(nil, answers[0].Metadata)) + len(answers[0].Payload)
		if limit >= 5 {
			assert.LessOrEqual(t, size, int(limit))
		}
		if limit >= 32 {
			text, _ := wire.FindString(answers[0].Metadata, roam.MetadataError)
			assert.NotEmpty(t, text)
		}
	}
}

func TestSurplusRequestOpensNoChannel(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	for id := uint64(1); id <= MaxInFlight+1; id++ {
		p.send(request(id))
	}
	p.send(data(1, []byte("sent with it")), closeOf(1), resetOf(3), credit(3, 5))
	assert.Zero(t, p.core.Counts().Channels)
}

func TestRefusalNamesUnknownMethodOrInvalidPayload(t *testing.T) {
	for _, why := range []Refusal{UnknownMethod, InvalidPayload} {
		p := streams(t, handshake.Acceptor)
		p.core.Refuse(p.arrive(1), why)
		assert.Equal(t, []wire.Message{answerOf(1, 1, byte(why))}, p.published())
		p.atRest()
		assert.NoError(t, p.core.Err(), "the connection lives")
	}
}

func TestMessagesForUnopenedChannelsOfTheirsAreDroppedAfterARefusal(t *testing.T) {
	for name, make := range map[string]func() *peer{
		"stream":  func() *peer { return streams(t, handshake.Acceptor) },
		"table":   func() *peer { return shared(t, handshake.Acceptor, 8) },
		"foreign": func() *peer { return foreign(t, handshake.Acceptor, 8) },
	} {
		t.Run(name, func(t *testing.T) {
			p := make()
			p.breaks(wire.RuleChannelUnknown, data(1, []byte("x")))
			p.core.Refuse(p.arrive(1), InvalidPayload)
			p.send(data(1, []byte("x")), closeOf(1), resetOf(3))
			p.breaks(wire.RuleChannelZero, data(0, nil))
			p.breaks(wire.RuleChannelUnknown, data(2, nil)) // ours: only this side opens it
		})
	}
}

func TestRequestChannelIDs(t *testing.T) {
	tests := []struct {
		name string
		make func(*testing.T, handshake.Role, uint32) *peer
		role handshake.Role
		ends []uint64
		rule string
	}{
		{"zero", shared, handshake.Acceptor, []uint64{1, 0}, wire.RuleChannelZero},
		{"zero of an acceptor", shared, handshake.Initiator, []uint64{0}, wire.RuleChannelZero},
		{"parity of ours", shared, handshake.Acceptor, []uint64{2}, wire.RuleChannelParity},
		{"parity of ours, initiator", shared, handshake.Initiator, []uint64{2, 3}, wire.RuleChannelParity},
		{"named twice", shared, handshake.Acceptor, []uint64{1, 3, 1}, wire.RuleChannelUniqueness},
		{"still open", shared, handshake.Acceptor, []uint64{7}, wire.RuleChannelUniqueness},
		{"at max_channels", shared, handshake.Acceptor, []uint64{9}, wire.RuleShmChannelTable},
		{"far over max_channels", shared, handshake.Acceptor, []uint64{math.MaxUint64}, wire.RuleShmChannelTable},
		{"foreign, over max_channels", foreign, handshake.Acceptor, []uint64{1001}, ""},
		{"foreign, over u32", foreign, handshake.Acceptor, []uint64{1<<32 + 1}, wire.RuleShmChannelTable},
		{"foreign, parity", foreign, handshake.Acceptor, []uint64{1002}, wire.RuleChannelParity},
		{"foreign, zero", foreign, handshake.Acceptor, []uint64{0}, wire.RuleChannelZero},
		{"all in order", shared, handshake.Acceptor, []uint64{1, 3, 5}, ""},
		{"below max_channels, initiator", shared, handshake.Initiator, []uint64{2, 6}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := test.make(t, test.role, 9)
			if p.table != nil { // the other side activates an entry before its Request
				for id := 1; id < 9; id++ {
					p.table.entry[id].active = true
				}
			}
			if test.role == handshake.Acceptor {
				p.serve(1, End{ID: 7})
			}
			var ends []End
			for _, id := range test.ends {
				ends = append(ends, End{ID: id})
			}
			err := p.core.Accept(p.arrive(2), ends)
			if test.rule == "" {
				require.NoError(t, err)
				return
			}
			requireViolation(t, test.rule, err)
		})
	}
}

func TestStreamChannelIDsOfTheirsAreNotBounded(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	r := p.serve(1, End{ID: math.MaxUint64})
	p.send(data(math.MaxUint64, []byte("x")), closeOf(math.MaxUint64))
	assert.Equal(t, []byte("x"), p.take(r.Channels[0]))
}

func TestManyChannelsInOneRequestAreCheckedInLinearTime(t *testing.T) {
	const n = 200_000
	p := streams(t, handshake.Acceptor)
	ends := make([]End, n)
	for i := range ends {
		ends[i].ID = uint64(2*i + 1)
	}
	ends[n-1].ID = 1
	requireViolation(t, wire.RuleChannelUniqueness, p.core.Accept(p.arrive(1), ends))
}

func TestPayloadOverLimitIsGoodbye(t *testing.T) {
	at, over := make([]byte, testMaxPayload), make([]byte, testMaxPayload+1)
	at[0] = 0
	p := streams(t, handshake.Acceptor)
	k, l := p.call(), p.call()
	p.send(wire.Message{Kind: wire.KindRequest, ID: 1, Payload: at}, answerOf(k.ID, at...))
	p.breaks(wire.RulePayloadLimit, wire.Message{Kind: wire.KindRequest, ID: 2, Payload: over})
	p.breaks(wire.RulePayloadLimit, answerOf(l.ID, over...))
}

func TestPayloadLimitBindsTheSizeThatTheTransportGives(t *testing.T) {
	// Over shared memory metadata counts, over byte streams it does not.
	p := streams(t, handshake.Acceptor)
	m := request(1)
	require.NoError(t, p.core.Receive(&m, testMaxPayload))
	m.ID = 2
	requireViolation(t, wire.RulePayloadLimit, p.core.Receive(&m, testMaxPayload+1))
}

func TestMetadataOverItsLimitsIsGoodbye(t *testing.T) {
	entries := make(wire.Metadata, wire.MaxMetadataEntries+1)
	for name, md := range map[string]wire.Metadata{
		"entries": entries,
		"key":     {{Key: strings.Repeat("k", wire.MaxMetadataKey+1)}},
		"value":   {{Key: "k", Value: wire.StringValue(strings.Repeat("v", wire.MaxMetadataValue+1))}},
		"total": {
			{Key: "a", Value: wire.StringValue(strings.Repeat("v", wire.MaxMetadataValue))},
			{Key: "b", Value: wire.StringValue(strings.Repeat("v", wire.MaxMetadataValue))},
			{Key: "c", Value: wire.StringValue(strings.Repeat("v", wire.MaxMetadataValue))},
			{Key: "d", Value: wire.StringValue(strings.Repeat("v", wire.MaxMetadataValue))},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := streams(t, handshake.Acceptor)
			k := p.call()
			m := request(1)
			m.Metadata = wire.AppendMetadata(nil, md)
			p.breaks(wire.RuleMetadataLimits, m)
			m = response(k.ID)
			m.Metadata = wire.AppendMetadata(nil, md)
			p.breaks(wire.RuleMetadataLimits, m)
		})
	}
}

func TestMetadataThatDoesNotDecodeIsGoodbye(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	k := p.call()
	for _, raw := range [][]byte{{1}, {0, 0}, {200, 1}, {1, 1, 0xFF, 2, 5}, {1, 1, 'k', 9}} {
		m := request(1)
		m.Metadata = raw
		p.breaks(wire.RuleDecodeError, m)
		m = response(k.ID)
		m.Metadata = raw
		p.breaks(wire.RuleDecodeError, m)
	}
}

func TestArrivedRequestCarriesMethodArgumentsAndMetadata(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	md := wire.AppendMetadata(nil, wire.Metadata{{Key: "k", Value: wire.U64Value(9)}})
	p.send(wire.Message{Kind: wire.KindRequest, ID: 3, Method: 77, Metadata: md, Payload: []byte("args")})
	fx := p.effects()
	require.Len(t, fx, 1)
	r := fx[0].Request
	assert.Equal(t, []any{uint64(3), uint64(77), md, []byte("args")}, []any{r.ID, r.Method, r.Metadata, r.Args})
}

func TestCancelEndsTheContextOfItsRequestAlone(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	r := p.serve(1)
	p.serve(2)
	p.send(cancel(1), cancel(1))
	assert.Equal(t, []Effect{{Kind: EndContext, Request: r}, {Kind: EndContext, Request: r}}, p.effects())
	p.answer(r) // a Response still follows
	assert.Equal(t, 1, p.core.Counts().Serving)
}

// A request that was refused, or was too many, has no handler, and so no context to end;
// one that is being prepared will have one.
func TestRequestWithoutAHandlerHasNoContextToEnd(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	p.send(wire.Message{Kind: wire.KindRequest, ID: 1}, wire.Message{Kind: wire.KindRequest, ID: 2})
	arrived := p.effects()
	require.Len(t, arrived, 2)
	p.core.Refuse(arrived[0].Request, UnknownMethod)
	p.send(cancel(1), cancel(2))
	ends := []Effect{{Kind: EndContext, Request: arrived[1].Request}}
	assert.Equal(t, ends, p.effects())
	p.core.Fail(errors.New("over"))
	assert.Equal(t, ends, p.effects())
	require.Error(t, p.core.Accept(arrived[1].Request, nil))
}

func TestCancelOfADoneIDIsIgnored(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	p.answer(p.serve(1))
	p.send(cancel(1), cancel(99))
	assert.Empty(t, p.effects())
}
