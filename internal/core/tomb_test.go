package core

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/wire"
)

func TestTombsOfTheirChannelsAreBounded(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	const more = maxTombs + 1000
	for i := range uint64(more) {
		r := p.serve(1, End{ID: 2*i + 1})
		p.core.Returned(r) // resets the handler's Rx, which the caller never ends
		p.published()
		p.answer(r)
	}
	assert.Equal(t, maxTombs, p.core.Counts().Channels)
	assert.Equal(t, maxTombs, p.core.tombs.list.Len())
	// Forgotten or not, what comes for them is ignored.
	p.send(data(1, []byte("late")), data(2*more-1, []byte("late")), closeOf(1), closeOf(2*more-1))
	p.breaks(wire.RuleChannelUnknown, data(2*more+1, nil))
	for i := range uint64(more) {
		p.send(closeOf(2*i + 1))
	}
	p.atRest()
	assert.Zero(t, p.core.tombs.list.Len())
}

func TestForgottenTombOfOurChannelIsStillIgnored(t *testing.T) {
	p := streams(t, handshake.Initiator)
	k := p.call(make([]bool, maxTombs+1)...)
	for _, ch := range k.Channels {
		p.core.Reset(ch)
	}
	p.published()
	assert.Equal(t, maxTombs, p.core.Counts().Channels)
	for _, ch := range k.Channels {
		p.send(data(ch.ID, []byte("sent before the Reset was seen")), closeOf(ch.ID))
	}
	p.send(response(k.ID))
	p.atRest()
}

func TestFailLeavesNoTombs(t *testing.T) {
	p := streams(t, handshake.Initiator)
	k := p.call(false)
	p.core.Reset(k.Channels[0])
	p.core.Fail(assert.AnError)
	assert.Zero(t, p.core.tombs.list.Len())
}

func TestResetsThatWereAnsweredForgetNothing(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	for i := range uint64(2 * maxTombs) {
		r := p.serve(1, End{ID: 2*i + 1})
		p.core.Returned(r)
		p.published()
		p.answer(r)
		p.send(closeOf(2*i + 1))
		assert.Zero(t, p.core.tombs.list.Len())
	}
	p.breaks(wire.RuleDataAfterClose, data(1, []byte("x")))
	p.breaks(wire.RuleChannelUnknown, data(4*maxTombs+1, []byte("x")))
}

func TestBoundedIDsNeedNoTombs(t *testing.T) {
	p := shared(t, handshake.Initiator, 8)
	k := p.call(false, false)
	p.core.Reset(k.Channels[0])
	p.core.Cancel(k)
	assert.Zero(t, p.core.tombs.list.Len())
	assert.Equal(t, 2, p.core.Counts().Channels)
}
