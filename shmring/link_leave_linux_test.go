package shmring

import (
	"bytes"
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

func TestEndedLinkGivesWhatLiesInTheRing(t *testing.T) {
	p := onePair(t, Config{}, pairConfig{})
	sendNow(t, p.guest, Message{Type: MsgData, ID: 1})
	sendNow(t, p.guest, Message{Type: MsgClose, ID: 1})
	p.hangUp(p.guest)
	for p.host.Wait(false) == nil {
	}
	require.ErrorIs(t, p.host.Err(), ErrPeerDied)
	<-p.host.Done()
	require.ErrorIs(t, p.host.Stage(&Message{Type: MsgData, ID: 1}, nil), ErrPeerDied)
	b := NewBatch(1)
	for _, want := range []MsgType{MsgData, MsgClose} {
		n, err := p.host.Receive(b)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, want, b.Messages[0].Type)
	}
	_, err := p.host.Receive(b)
	require.ErrorIs(t, err, ErrPeerDied)
	require.NoError(t, p.host.Leave(context.Background(), "too late"))
}

func TestGuestSeesHostGoodbyeAndEviction(t *testing.T) {
	h := newHub(t, Config{})
	leaving, evicted := h.attach(pairConfig{}), h.attach(pairConfig{})
	require.NoError(t, evicted.host.Leave(within(t), "shm.ring.capacity: as a test"))
	for evicted.guest.Wait(false) == nil {
	}
	require.ErrorIs(t, evicted.guest.Err(), ErrEvicted)
	goodbye := receiveOne(t, evicted.guest)
	assert.Equal(t, MsgGoodbye, goodbye.Type)
	assert.Equal(t, "shm.ring.capacity: as a test", string(goodbye.Payload))
	_, err := evicted.guest.Receive(NewBatch(1))
	require.ErrorIs(t, err, ErrEvicted)

	*h.host.u32(layout.OffHeaderHostGoodbye) = 1
	_, err = leaving.guest.Receive(NewBatch(1))
	require.ErrorIs(t, err, ErrHostLeaving)
}

func TestLeavingGuestWaitsUntilTheHostHasReceivedAll(t *testing.T) {
	eachJoin(t, func(t *testing.T, c pairConfig) {
		p := onePair(t, Config{}, c)
		sendNow(t, p.guest, Message{Type: MsgGoodbye, Payload: []byte("done")})
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		stopped := onePair(t, Config{}, c)
		sendNow(t, stopped.guest, Message{Type: MsgGoodbye})
		require.ErrorIs(t, stopped.guest.Leave(ended, ""), context.Canceled)

		left := make(chan error)
		go func() { left <- p.guest.Leave(within(t), "") }()
		<-p.guest.Done()
		b := NewBatch(4)
		n, err := receiveSome(p.host, b)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		p.host.Rest() // it stops receiving: it may have looked before the guest waited
		require.NoError(t, <-left)
		<-p.guest.retired
		_, err = receiveSome(p.host, b)
		require.ErrorIs(t, err, ErrPeerLeft)
		require.NoError(t, p.host.Leave(within(t), ""))
	})
}

// TestNothingIsWrittenAfterTheGoodbye: the entry may be another guest's then. Whoever
// sleeps in Wait is out before, and those who have loans or drafts leave them to the host.
func TestNothingIsWrittenAfterTheGoodbye(t *testing.T) {
	for range 50 {
		p, woken := lingeringGuest(t)
		require.NoError(t, p.host.Stage(&Message{Type: MsgRequest, Payload: make([]byte, 5000)}, nil))
		p.host.Commit()
		require.NoError(t, <-woken)
		loan := receiveNext(t, p.guest, lending()).Loan
		require.NotNil(t, loan)
		draft := p.guest.Draft(5000)
		require.NotNil(t, draft)
		left := make(chan error)
		go func() { left <- p.guest.Leave(within(t), "") }()
		for p.host.seg.word(p.guest.peer).state() == layout.StateAttached {
			runtime.Gosched()
		}
		before := bytes.Clone(p.host.seg.mem)
		for <-woken == nil {
		}
		require.NoError(t, <-left)
		loan.Release()
		draft.Release()
		<-p.guest.settled
		assert.True(t, bytes.Equal(before, p.host.seg.mem), "the segment has changed")
	}
}

func TestGoodbyeReasonIsCutToWhatFits(t *testing.T) {
	h := newHub(t, Config{SlotSize: 64, SlotsPerGuest: 1})
	p := h.attach(pairConfig{})
	slot, _, ok := h.pool.take(1, 0)
	require.True(t, ok)
	require.NoError(t, p.host.Leave(within(t), "message.decode-error: metada: äöü"))
	assert.Equal(t, "message.decode-error: metada: ä", string(receiveOne(t, p.guest).Payload))
	h.pool.pool.Return(slot.Index)
}
