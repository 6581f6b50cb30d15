package shmring

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/bufpool"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// lending is a batch that has all lent that may be.
func lending() *Batch {
	b := NewBatch(8)
	b.Lend = func(*Message) bool { return true }
	return b
}

// receiveNext receives one message that is there.
func receiveNext(t testing.TB, l *Link, b *Batch) Message {
	t.Helper()
	n, err := l.Receive(b)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	return b.Messages[0]
}

var fourSlots = Config{RingSize: 16, SlotSize: 8192, SlotsPerGuest: 4}

// TestLentPayloadStaysInItsSlot until its loan is back, while more than a quarter of the
// pool is free; what comes then, and what is small, is copied.
func TestLentPayloadStaysInItsSlot(t *testing.T) {
	eachJoin(t, func(t *testing.T, c pairConfig) {
		h := newHub(t, fourSlots)
		p := h.attach(c)
		for pool, dir := range []struct{ from, to *Link }{{p.host, p.guest}, {p.guest, p.host}} {
			var asked []Message
			b := NewBatch(8)
			b.Lend = func(m *Message) bool {
				asked = append(asked, *m)
				return true
			}
			large := func(id uint32) Message {
				return Message{Type: MsgRequest, ID: id, Method: 77, Payload: bytes.Repeat([]byte{byte(id)}, 5000)}
			}
			var got []Message
			for id := range uint32(2) {
				sendNow(t, dir.from, large(id))
				got = append(got, receiveNext(t, dir.to, b))
				assert.Equal(t, string(large(id).Payload), string(got[id].Payload))
			}
			require.NotNil(t, got[0].Loan)
			require.NotNil(t, got[1].Loan)
			assert.False(t, got[0].Owned)
			sendNow(t, dir.from, large(2))
			last := receiveNext(t, dir.to, b)
			assert.Nil(t, last.Loan)
			assert.True(t, last.Owned)
			require.Len(t, asked, 3)
			assert.Equal(t, Message{Type: MsgRequest, ID: 2, Method: 77, Seq: c.start + 3}, asked[2])
			sendNow(t, dir.from, Message{Type: MsgRequest, ID: 4, Payload: make([]byte, 4000)})
			assert.Nil(t, receiveNext(t, dir.to, b).Loan)
			require.Len(t, asked, 3, "a small payload")

			assert.EqualValues(t, 2, h.freeSlots(uint32(pool)))
			for id := range got {
				assert.Equal(t, string(large(uint32(id)).Payload), string(got[id].Payload))
				got[id].Loan.Release()
				got[id].Loan.Release()
				assert.EqualValues(t, 3+id, h.freeSlots(uint32(pool)))
			}
			require.NoError(t, dir.to.Err())
		}
	})
}

// TestSlotSentAgainWhileItIsLent is a fault of the peer, and so is one that it takes back.
func TestSlotSentAgainWhileItIsLent(t *testing.T) {
	breaks := map[string]func(h *hub, p *pair, loan *Loan){
		"sent again": func(h *hub, _ *pair, _ *Loan) {
			ring := h.host.lay.ringOffset(1)
			copy(h.host.mem[ring+layout.SizeDesc:], h.host.mem[ring:ring+layout.SizeDesc])
			atomic.StoreUint32(h.host.peerU32(1, layout.OffPeerGuestToHostHead), 2)
		},
		"taken back": func(h *hub, _ *pair, loan *Loan) {
			atomic.OrUint64(h.host.u64(h.host.lay.pool(1)), 1)
			loan.Release()
		},
		"used for another": func(h *hub, p *pair, loan *Loan) {
			atomic.OrUint64(h.host.u64(h.host.lay.pool(1)), 1)
			require.NoError(t, p.guest.Stage(&Message{Type: MsgRequest, Payload: make([]byte, 5000)}, nil))
			p.guest.Abort()
			atomic.AndUint64(h.host.u64(h.host.lay.pool(1)), ^uint64(1))
			loan.Release()
		},
	}
	for name, broken := range breaks {
		t.Run(name, func(t *testing.T) {
			h := newHub(t, fourSlots)
			p := h.attach(pairConfig{})
			sendNow(t, p.guest, Message{Type: MsgRequest, ID: 1, Payload: make([]byte, 5000)})
			b := lending()
			loan := receiveNext(t, p.host, b).Loan
			require.NotNil(t, loan)
			broken(h, p, loan)
			_, err := p.host.Receive(b)
			var fault *Fault
			require.True(t, errors.As(err, &fault), "%v", err)
			assert.Equal(t, "shm.slot.generation", fault.Rule)
			loan.Release()
		})
	}
}

// TestRetiredLinkSettlesWhenItsLoansAreBack: the link ends without waiting for them, its
// memory does not.
func TestRetiredLinkSettlesWhenItsLoansAreBack(t *testing.T) {
	for _, c := range joins {
		h := newHub(t, fourSlots)
		p := h.attach(c)
		b := lending()
		var got []Message
		for range 2 {
			sendNow(t, p.guest, Message{Type: MsgRequest, Payload: bytes.Repeat([]byte{9}, 5000)})
			got = append(got, receiveNext(t, p.host, b))
		}
		p.host.end(ErrPeerDied)
		p.host.retire()
		for i := range got {
			assert.False(t, isClosed(p.host.settled))
			assert.Equal(t, bytes.Repeat([]byte{9}, 5000), got[i].Payload)
			got[i].Loan.Release()
		}
		<-p.host.settled
		assert.EqualValues(t, 2, h.freeSlots(1), "they are freed with the entry")
	}
}

// TestLentPayloadIsThePeersMemory: nothing is copied.
func TestLentPayloadIsThePeersMemory(t *testing.T) {
	h := newHub(t, fourSlots)
	p := h.attach(pairConfig{})
	sendNow(t, p.guest, Message{Type: MsgRequest, Payload: make([]byte, 5000)})
	got := receiveNext(t, p.host, lending())
	at := uintptr(unsafe.Pointer(&got.Payload[0])) - uintptr(unsafe.Pointer(&h.host.mem[0]))
	assert.Equal(t, h.host.lay.pool(1)+h.host.lay.PoolHeader+layout.GenerationSize, uint64(at))
	assert.Equal(t, 5000, cap(got.Payload))
	got.Loan.Release()
}

// TestDraftIsSentFromItsSlot, or given back, on both pools.
func TestDraftIsSentFromItsSlot(t *testing.T) {
	eachJoin(t, func(t *testing.T, c pairConfig) {
		h := newHub(t, Config{RingSize: 4, SlotSize: 8192, SlotsPerGuest: 5})
		p := h.attach(c)
		for pool, dir := range []struct{ from, to *Link }{{p.host, p.guest}, {p.guest, p.host}} {
			free := func() uint32 { return h.freeSlots(uint32(pool)) }
			assert.Nil(t, dir.from.Draft(32), "fits a descriptor")
			assert.Nil(t, dir.from.Draft(8192), "fits no slot")
			sent, dropped := dir.from.Draft(6000), dir.from.Draft(6000)
			require.NotNil(t, sent)
			require.NotNil(t, dropped)
			assert.Nil(t, dir.from.Draft(6000), "the rest is for others")
			assert.EqualValues(t, 3, free())
			copy(sent.Bytes(), bytes.Repeat([]byte{5}, 6000))

			message := Message{Type: MsgData, ID: 3}
			require.NoError(t, dir.from.StageDraft(&message, sent))
			dir.from.Abort()
			assert.False(t, dir.to.Pending())
			require.NoError(t, dir.from.StageDraft(&message, sent))
			dir.from.Commit()
			got := receiveOne(t, dir.to)
			assert.Equal(t, bytes.Repeat([]byte{5}, 6000), got.Payload)
			assert.EqualValues(t, 4, free())
			sent.Release()
			require.ErrorIs(t, dir.from.StageDraft(&message, sent), ErrClosed)

			for range 3 {
				sendNow(t, dir.from, Message{Type: MsgCancel})
			}
			require.ErrorIs(t, dir.from.StageDraft(&message, dropped), ErrNoSpace)
			dropped.Release()
			dropped.Release()
			assert.EqualValues(t, 5, free())
			for range 3 {
				receiveOne(t, dir.to)
			}
		}
	})
}

// TestDraftsOfAnEndedLink: there are no new ones, and memory stays for those that are.
func TestDraftsOfAnEndedLink(t *testing.T) {
	h := newHub(t, Config{SlotSize: 8192, SlotsPerGuest: 8})
	p := h.attach(pairConfig{})
	d := p.guest.Draft(5000)
	require.NotNil(t, d)
	p.guest.end(ErrPeerDied)
	assert.Nil(t, p.guest.Draft(5000))
	require.ErrorIs(t, p.guest.StageDraft(&Message{Type: MsgData, ID: 1}, d), ErrPeerDied)
	p.guest.retire()
	assert.False(t, isClosed(p.guest.settled))
	clear(d.Bytes())
	d.Release()
	<-p.guest.settled
}

// TestNobodyLendsUnmappedMemory receives, reads and gives back, and sends drafts, while the
// link is retired: the memory goes when it has settled, and whoever is still there would
// crash.
func TestNobodyLendsUnmappedMemory(t *testing.T) {
	for round := range 24 {
		p := onePair(t, fourSlots, pairConfig{words: round%2 == 1})
		guest, host := p.guest, p.host
		var running sync.WaitGroup
		var lent atomic.Int32
		loans := make(chan Message, 16)
		running.Go(func() { // the host sends until the guest's end is over
			for guest.Err() == nil {
				if host.Stage(&Message{Type: MsgRequest, Payload: make([]byte, 5000)}, nil) == nil {
					host.Commit()
				}
			}
		})
		running.Go(func() {
			defer close(loans)
			b := lending()
			for {
				if _, err := guest.Receive(b); err != nil {
					return
				}
				for _, m := range b.Messages {
					if m.Loan != nil {
						lent.Add(1)
						loans <- m
					}
				}
			}
		})
		running.Go(func() {
			for m := range loans {
				assert.Equal(t, make([]byte, 5000), m.Payload)
				m.Loan.Release()
			}
		})
		running.Go(func() {
			for guest.Err() == nil {
				if d := guest.Draft(5000); d != nil {
					clear(d.Bytes())
					d.Release()
				}
			}
		})
		for lent.Load() < 20 {
			awaitChange(nil)
		}
		guest.retire()
		<-guest.settled
		require.NoError(t, p.guestSeg.close())
		running.Wait()
	}
}

// TestToAskWhetherToLendAllocatesNothing, however it is answered; a loan is one allocation.
func TestToAskWhetherToLendAllocatesNothing(t *testing.T) {
	p := onePair(t, Config{SlotSize: 16 << 10}, pairConfig{})
	message := Message{Type: MsgRequest, ID: 1, Payload: make([]byte, 8000)}
	asked, lends := 0, false
	b := NewBatch(1)
	b.Lend = func(*Message) bool { asked++; return lends }
	next := func() {
		sendNow(t, p.guest, message)
		if n, err := p.host.Receive(b); n != 1 || err != nil {
			panic(err)
		}
		p.host.Notify()
		b.Messages[0].Loan.Release()
		if b.Messages[0].Owned {
			bufpool.Put(b.Messages[0].Payload)
		}
	}
	const runs = 100
	kept := testing.AllocsPerRun(runs, next)
	lends = true
	lent := testing.AllocsPerRun(runs, next)
	assert.Zero(t, kept)
	assert.LessOrEqual(t, lent, 1.0)
	assert.Equal(t, 2*(runs+1), asked)
}
