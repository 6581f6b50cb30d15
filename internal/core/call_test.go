package core

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/wire"
)

func TestRequestIDsCountUpFromOne(t *testing.T) {
	p := streams(t, handshake.Initiator)
	for want := uint64(1); want <= 5; want++ {
		k := p.call()
		assert.Equal(t, want, k.ID)
		p.send(response(k.ID))
	}
}

func TestRequestIDIsUsedAgainOnlyAfterItsResponse(t *testing.T) {
	p := streams(t, handshake.Initiator)
	given := p.call()
	p.core.Cancel(given)
	p.core.nextID = given.ID - 1
	assert.Equal(t, given.ID+1, p.call().ID, "given up is still in flight")
	p.published()
	p.send(response(given.ID))
	p.core.nextID = given.ID - 1
	assert.Equal(t, given.ID, p.call().ID)
}

func TestRequestIDsWrapWithinU32(t *testing.T) {
	p := streams(t, handshake.Initiator)
	first := p.call()
	p.core.nextID = math.MaxUint32 - 1
	assert.Equal(t, uint64(math.MaxUint32), p.call().ID)
	assert.Equal(t, uint64(2), p.call().ID, "0 is none, 1 is in flight")
	p.send(response(math.MaxUint32), response(first.ID))
	assert.Equal(t, 1, p.core.Counts().Calls)
}

func TestCallersBeyondTheInFlightLimitWait(t *testing.T) {
	p := streams(t, handshake.Initiator)
	var all []*Call
	for range MaxInFlight {
		all = append(all, p.call())
	}
	k := new(Call)
	ok, err := p.core.Admit(k)
	require.NoError(t, err)
	require.False(t, ok)
	p.core.Cancel(all[0]) // giving up does not free the place
	ok, _ = p.core.Admit(k)
	require.False(t, ok)
	p.send(response(all[1].ID))
	ok, err = p.core.Admit(k)
	require.NoError(t, err)
	require.True(t, ok)
	p.core.Withdraw(k) // nor does a call that was never published keep one
	ok, _ = p.core.Admit(new(Call))
	require.True(t, ok)
}

func TestResponseEndsItsCallInAnyOrder(t *testing.T) {
	p := streams(t, handshake.Initiator)
	a, b := p.call(), p.call()
	md := wire.AppendMetadata(nil, wire.Metadata{{Key: "k", Value: wire.U64Value(9)}})
	m := answerOf(b.ID, 0, 7)
	m.Metadata = md
	p.send(m)
	assert.Equal(t, []Effect{{Kind: Respond, Call: b}}, p.effects())
	m.Payload[1] = 8 // the call owns its copy
	done, err := b.Done()
	assert.True(t, done)
	assert.NoError(t, err)
	assert.Equal(t, []byte{0, 7}, b.Payload)
	assert.Equal(t, md, b.Metadata)
	done, _ = a.Done()
	assert.False(t, done)
	p.send(response(a.ID))
	p.atRest()
}

func TestResponseToAnUnknownIDIsIgnoredAndLogged(t *testing.T) {
	p := streams(t, handshake.Initiator)
	k := p.call()
	waiting := p.admitted() // not published: nothing can answer it
	p.send(response(k.ID))
	p.effects()
	for _, id := range []uint64{0, 99, k.ID, waiting.ID} {
		p.send(response(id))
		fx := p.effects()
		require.Len(t, fx, 1)
		assert.Equal(t, Note, fx[0].Kind)
	}
	done, _ := waiting.Done()
	assert.False(t, done)
}

func TestCancelGoesOutBeforeTheResetsOfItsCall(t *testing.T) {
	p := shared(t, handshake.Initiator, 8)
	k := p.call(true, false, true)
	p.core.Close(k.Channels[2])
	p.published()
	p.core.Cancel(k)
	p.core.Cancel(k)
	assert.Equal(t, []sent{{wire.KindCancel, 1}, {wire.KindReset, 1}, {wire.KindReset, 3}}, kinds(p.published()))
	_, err := p.core.SendRoom(k.Channels[0])
	assert.ErrorIs(t, err, ErrCallCancelled)
	assert.ErrorIs(t, p.ended(k.Channels[1]), ErrCallCancelled)
}

func TestLateResponseOfACancelledCallIsDropped(t *testing.T) {
	p := streams(t, handshake.Initiator)
	k := p.call(false)
	p.core.Cancel(k)
	p.published()
	p.effects()
	p.send(response(k.ID))
	assert.Empty(t, p.effects(), "nobody waits for it")
	done, err := k.Done()
	assert.True(t, done)
	assert.NoError(t, err)
	assert.Empty(t, k.Payload)
	p.atRest()
}

func TestCancelThatCrossesTheResponseResetsWhatIsOpen(t *testing.T) {
	p := streams(t, handshake.Initiator)
	k := p.call(true, false)
	p.send(response(k.ID))
	p.core.Cancel(k)
	assert.Equal(t, []sent{{wire.KindReset, 1}}, kinds(p.published()), "no Cancel for an id that is done")
	p.atRest()
}

func TestCancelOfACallThatWasNotPublishedDoesNothing(t *testing.T) {
	p := streams(t, handshake.Initiator)
	k := p.admitted(true)
	p.core.Cancel(k)
	assert.Nil(t, p.core.NextOut())
	p.core.Withdraw(k)
	p.core.Cancel(k)
	assert.Nil(t, p.core.NextOut())
	p.atRest()
}

func TestWithdrawnCallGivesItsChannelIDsBack(t *testing.T) {
	p := shared(t, handshake.Initiator, 8)
	for range 10 {
		k := p.admitted(true, false, true, false)
		ok, err := p.core.TakeChannels(new(Call), []bool{true})
		require.NoError(t, err)
		require.False(t, ok)
		p.core.Withdraw(k)
	}
	unadmitted := new(Call)
	ok, _ := p.core.TakeChannels(unadmitted, []bool{true, true})
	require.True(t, ok)
	p.core.Withdraw(unadmitted)
	p.atRest()
	assert.Zero(t, p.table.entry[1].uses, "an entry is activated when its Request is published")
}

func TestCallTakesAllItsChannelIDsOrNone(t *testing.T) {
	p := shared(t, handshake.Acceptor, 8) // 2, 4, 6
	assert.Equal(t, 3, p.core.IDLimit())
	k := p.call(true, true)
	l := new(Call)
	ok, err := p.core.TakeChannels(l, []bool{true, true})
	require.NoError(t, err)
	require.False(t, ok)
	assert.Empty(t, l.Channels)
	assert.Equal(t, uint64(6), p.call(false).Channels[0].ID)
	assert.Equal(t, []uint64{2, 4}, []uint64{k.Channels[0].ID, k.Channels[1].ID})
}

func TestCallWithMoreChannelsThanThereAreIDsIsRefusedAtOnce(t *testing.T) {
	for maxChannels, limit := range map[uint32]int{1: 0, 2: 0, 3: 1, 8: 3} {
		p := shared(t, handshake.Acceptor, maxChannels)
		ok, err := p.core.TakeChannels(new(Call), make([]bool, limit+1))
		assert.False(t, ok)
		var count *roam.ChannelCountError
		require.ErrorAs(t, err, &count)
		assert.Equal(t, roam.ChannelCountError{Count: limit + 1, Limit: limit}, *count)
		p.call(make([]bool, limit)...)
	}
}

func TestChannelIDsOverStreamsNeverRepeat(t *testing.T) {
	for role, first := range map[handshake.Role]uint64{handshake.Initiator: 1, handshake.Acceptor: 2} {
		p := streams(t, role)
		assert.Zero(t, p.core.IDLimit())
		for i := range uint64(100) {
			k := p.call(true)
			assert.Equal(t, first+2*i, k.Channels[0].ID)
			p.core.Close(k.Channels[0])
			p.published()
			p.send(response(k.ID))
		}
	}
}

func TestRefusedCallEndsItsChannels(t *testing.T) {
	for _, why := range []Refusal{UnknownMethod, InvalidPayload} {
		p := shared(t, handshake.Initiator, 8)
		k := p.call(true, false, true, false)
		p.core.Close(k.Channels[2])
		p.core.Reset(k.Channels[3])
		p.published()
		ok, err := p.core.CommitData(k.Channels[0], 10)
		require.True(t, ok && err == nil)
		p.core.Close(k.Channels[0]) // queued: nobody opened the channel, so it need not go out
		p.effects()
		p.send(answerOf(k.ID, 1, byte(why)))
		assert.Empty(t, p.published())
		fx := p.effects()
		assert.Equal(t, Respond, fx[len(fx)-1].Kind)
		assert.Error(t, p.ended(k.Channels[1]))
		_, err = p.core.SendRoom(k.Channels[0])
		assert.Error(t, err)
		p.atRest()
	}
}

func TestCancelledCallThatWasRefusedLeavesNothing(t *testing.T) {
	for _, publishes := range []bool{true, false} {
		p := shared(t, handshake.Initiator, 8)
		k := p.call(true, false)
		p.core.Cancel(k)
		if publishes {
			p.published()
		}
		p.send(unknownMethod(k.ID))
		p.published()
		p.atRest()
	}
}

func TestOtherAnswersWithoutAHandlerCountAsReturned(t *testing.T) {
	p := shared(t, handshake.Initiator, 8)
	k := p.call(true, false)
	p.send(answerOf(k.ID, 1, 3))
	assert.Equal(t, uint32(testWindow), p.room(k.Channels[0]), "the caller may go on sending")
	assert.True(t, p.table.entry[1].active)
}

func TestGoodbyeEndsAll(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	k := p.call(true, false)
	given := p.call(false)
	p.core.Cancel(given)
	waiting := p.admitted()
	r := p.serve(1, End{ID: 1, Sends: true}, End{ID: 3})
	p.send(data(3, []byte("came before")))
	p.effects()

	err := p.receive(wire.Message{Kind: wire.KindGoodbye, Payload: []byte("because")})
	var end *roam.ConnectionError
	require.ErrorAs(t, err, &end)
	assert.Equal(t, &roam.ConnectionError{Reason: "because", Remote: true}, end)
	p.core.Fail(err)
	p.core.Fail(errors.New("only the first counts"))
	p.allFailed(t, err, k, waiting, r)

	// Nothing is sent any more, whatever the program still does.
	for _, ch := range append(k.Channels, r.Channels...) {
		if ch.Sends {
			p.core.Close(ch)
			_, sendErr := p.core.CommitData(ch, 0)
			assert.Equal(t, err, sendErr)
			continue
		}
		if ch == r.Channels[1] {
			assert.Equal(t, []byte("came before"), p.take(ch))
		}
		assert.Equal(t, err, p.ended(ch))
		p.core.Reset(ch)
	}
	p.core.Returned(r)
	p.core.Respond(r, nil, nil)
	p.core.Refuse(r, UnknownMethod)
	p.core.Cancel(k)
	assert.Nil(t, p.core.NextOut())
	assert.Equal(t, err, p.core.CommitResponse(r))
	assert.Equal(t, err, p.core.CommitCall(waiting))
	p.core.Withdraw(waiting)
	_, admitErr := p.core.Admit(new(Call))
	assert.Equal(t, err, admitErr)
	_, takeErr := p.core.TakeChannels(new(Call), []bool{true})
	assert.Equal(t, err, takeErr)
	assert.Equal(t, err, p.core.Accept(r, nil))
	assert.Equal(t, err, p.receive(request(9)))
}

// allFailed checks that every call, request and channel was ended with err.
func (p *peer) allFailed(t *testing.T, err error, k, waiting *Call, r *Request) {
	t.Helper()
	assert.Equal(t, Counts{}, p.core.Counts())
	assert.Equal(t, err, p.core.Err())
	count := map[EffectKind]int{}
	for _, e := range p.effects() {
		count[e.Kind]++
		if e.Kind == EndContext {
			assert.Same(t, r, e.Request)
		}
	}
	assert.Equal(t, 3, count[Respond])
	assert.Equal(t, 1, count[EndContext])
	assert.Equal(t, 5, count[Wake])
	for _, call := range []*Call{k, waiting} {
		done, callErr := call.Done()
		assert.True(t, done)
		assert.Equal(t, err, callErr)
	}
}

func TestSecondHelloIsIgnored(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	p.send(wire.Message{Kind: wire.KindHello, Hello: wire.Hello{MaxPayload: 1, InitialCredit: 1}})
	assert.Equal(t, uint32(testMaxPayload), p.core.Limits().MaxPayload)
	assert.Empty(t, p.effects())
	assert.Nil(t, p.core.NextOut())
}
