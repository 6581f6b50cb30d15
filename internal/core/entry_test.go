package core

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/wire"
)

func TestEntryIsActivatedInTheStepThatPublishesTheRequest(t *testing.T) {
	p := shared(t, handshake.Initiator, 8)
	k := p.admitted(true, false)
	assert.Empty(t, p.table.active())
	require.NoError(t, p.core.CommitCall(k))
	assert.Equal(t, []int{1, 3}, p.table.active())
	assert.Equal(t, uint32(testWindow), p.table.entry[1].granted)
}

func TestCalleeFreesItsTxWhenTheCloseIsPublished(t *testing.T) {
	f := openChannels(shared(t, handshake.Acceptor, 8))
	f.core.Close(f.htx)
	assert.False(t, f.freed(f.htx), "queued is not published")
	f.published()
	assert.True(t, f.freed(f.htx))
}

func TestCalleeFreesItsRxOnlyAtTheCallersEnd(t *testing.T) {
	for _, end := range []wire.Message{closeOf(3), resetOf(3)} {
		f := openChannels(shared(t, handshake.Acceptor, 8))
		f.core.Reset(f.hrx)
		f.published()
		f.core.Returned(f.request)
		f.published()
		f.answer(f.request)
		assert.False(t, f.freed(f.hrx))
		f.send(end)
		assert.True(t, f.freed(f.hrx))
	}
}

func TestCallerNeverFreesWhatTheCalleeOpened(t *testing.T) {
	p := shared(t, handshake.Initiator, 8)
	k := p.call(true, false, true, false)
	p.core.Close(k.Channels[0])
	p.core.Reset(k.Channels[1])
	p.published()
	p.send(resetOf(k.Channels[2].ID), closeOf(k.Channels[3].ID))
	p.published()
	p.send(response(k.ID))
	assert.Equal(t, []int{1, 3, 5, 7}, p.table.active())
	p.core.Fail(assert.AnError)
	assert.Equal(t, []int{1, 3, 5, 7}, p.table.active())
}

func TestIDIsUsedAgainOnceFreeAndTheRingIsProcessed(t *testing.T) {
	p := shared(t, handshake.Initiator, 4) // 1 and 3
	k := p.call(true, false)
	tx := k.Channels[0]
	free := func() bool {
		ok, err := p.core.TakeChannels(new(Call), []bool{true})
		require.NoError(t, err)
		return ok
	}
	assert.False(t, free(), "open")
	p.table.entry[tx.ID].active = false // a callee that freed before our end is over
	assert.False(t, free(), "own end not over")
	p.table.entry[tx.ID].active = true
	p.core.Close(tx)
	p.published()
	assert.False(t, free(), "the callee has not freed it")
	p.head += 2 // its Reset and something else, published before it frees
	p.table.entry[tx.ID].active = false
	assert.False(t, free(), "two messages lie in the ring")
	p.core.Processed(p.head - 1)
	assert.False(t, free(), "one message lies in the ring")
	p.head++ // published after this side saw Free
	p.core.Processed(p.head - 1)
	assert.True(t, free())
	assert.False(t, free(), "the other one is open")
}

func TestRequestsThatAreNeverPublishedKeepNoID(t *testing.T) {
	p := shared(t, handshake.Initiator, 4)
	for range 1000 {
		p.core.Withdraw(p.admitted(true, false))
	}
	p.atRest()
}

func TestRefusedChannelIsFreedByTheCallerOnce(t *testing.T) {
	p := shared(t, handshake.Initiator, 4)
	for range 100 {
		k := p.call(true, false)
		p.core.Close(k.Channels[0])
		p.published()
		p.send(unknownMethod(k.ID))
		assert.Empty(t, p.table.active())
	}
	p.atRest()
}

func TestRefusalDoesNotTouchAnIDThatIsInUseAgain(t *testing.T) {
	// Only a peer that frees what it says it never opened brings this about.
	p := shared(t, handshake.Initiator, 4)
	k := p.call(false)
	p.core.Reset(k.Channels[0])
	p.published()
	p.table.entry[1].active = false
	again := p.call(true)
	require.Equal(t, uint64(1), again.Channels[0].ID)
	p.send(unknownMethod(k.ID))
	assert.Equal(t, []int{1}, p.table.active())
	assert.Equal(t, uint32(testWindow), p.room(again.Channels[0]))
}

func TestAnsweredCallLeavesAnIDAloneThatIsInUseAgain(t *testing.T) {
	// The caller reset its Rx, the callee freed the entry; the Response comes later.
	p := shared(t, handshake.Initiator, 2)
	k := p.call(false)
	p.core.Reset(k.Channels[0])
	p.published()
	p.table.entry[1].active = false
	again := p.call(false)
	p.send(data(1, []byte("to the second use")), response(k.ID))
	assert.Equal(t, []byte("to the second use"), p.take(again.Channels[0]))
	p.send(data(1, []byte("more")))
	assert.Equal(t, 1, p.core.Counts().Channels)
}
