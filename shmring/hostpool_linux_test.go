package shmring

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// large is a message that needs a slot.
func large() *Message { return &Message{Type: MsgRequest, Payload: make([]byte, 40)} }

// flood sends to one guest until it gets no more slots, and says how many it has.
func flood(t *testing.T, l *Link) int {
	t.Helper()
	for n := 0; ; n++ {
		if err := l.Stage(large(), nil); err != nil {
			require.ErrorIs(t, err, ErrNoSlot)
			return n
		}
		l.Commit()
	}
}

// TestStoppedGuestStarvesItselfAlone has guests that receive nothing: each may fill
// the pool down to a quarter and no further, and every other still gets a slot.
func TestStoppedGuestStarvesItselfAlone(t *testing.T) {
	for _, test := range []struct {
		slots         uint32
		first, second int
	}{
		{slots: 1, first: 1},
		{slots: 2, first: 1, second: 1},
		{slots: 4, first: 3, second: 1},
		{slots: 16, first: 12, second: 1},
		{slots: 70, first: 53, second: 1},
	} {
		h := newHub(t, Config{RingSize: 128, SlotSize: 64, SlotsPerGuest: test.slots})
		stopped, also, lively := h.attach(pairConfig{}), h.attach(pairConfig{}), h.attach(pairConfig{})
		assert.Equal(t, test.first, flood(t, stopped.host), "%d slots", test.slots)
		assert.Equal(t, test.second, flood(t, also.host), "%d slots", test.slots)
		for range 100 {
			if h.freeSlots(0) == 0 {
				break
			}
			sendNow(t, lively.host, *large())
			receiveOne(t, lively.guest)
		}
		receiveOne(t, stopped.guest)
		require.NoError(t, lively.host.Stage(large(), nil), "what one gives back another may have")
		lively.host.Abort()
	}
}

func TestQuotaCountsSlotsOutNotSlotsTaken(t *testing.T) {
	h := newHub(t, Config{SlotSize: 64, SlotsPerGuest: 4})
	p, q := h.attach(pairConfig{}), h.attach(pairConfig{})
	for range 3 {
		require.Equal(t, 3, flood(t, p.host))
		for range 3 {
			receiveOne(t, p.guest)
		}
		require.Equal(t, 3, flood(t, q.host), "slots that were another's before")
		require.Equal(t, 1, flood(t, p.host))
		receiveOne(t, p.guest)
		for range 3 {
			receiveOne(t, q.guest)
		}
	}
	assert.EqualValues(t, 4, h.freeSlots(0))
}

func TestSlotReturnedByOneGuestWakesTheOthersWaiters(t *testing.T) {
	h := newHub(t, Config{SlotSize: 64, SlotsPerGuest: 2})
	p, q := h.attach(pairConfig{}), h.attach(pairConfig{words: true})
	require.Equal(t, 1, flood(t, p.host))
	require.Equal(t, 1, flood(t, q.host))
	woken := make(chan struct{}, 1)
	q.host.OnWake(func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	})
	q.host.Arm(KindSlot, 0)
	assert.NotZero(t, p.guest.shm.PeerFlags()&layout.FlagBellSlot, "every guest is told")
	assert.NotZero(t, q.guest.shm.PeerFlags()&layout.FlagFutexSlot)
	late := h.attach(pairConfig{})
	assert.NotZero(t, late.guest.shm.PeerFlags()&layout.FlagBellSlot, "one that comes later too")

	receiveOne(t, p.guest)
	p.guest.Notify()
	require.NoError(t, p.host.Wait(true), "the guest has rung its own bell")
	<-woken
	q.host.Disarm(KindSlot, 0)
	for _, guest := range []*Link{p.guest, q.guest, late.guest} {
		assert.Zero(t, guest.shm.PeerFlags()&(layout.FlagBellSlot|layout.FlagFutexSlot))
	}
	require.NoError(t, p.host.Stage(large(), nil))
	q.host.Arm(KindSlot, 0)
	p.host.Abort()
	p.host.Notify()
	<-woken
	q.host.retire()
	assert.Zero(t, p.guest.shm.PeerFlags()&layout.FlagBellSlot, "a retired link's waiters are gone")
}

// TestSlotBitsAreSetAnewInEverySleep clears the flags as the recovery of an entry does.
func TestSlotBitsAreSetAnewInEverySleep(t *testing.T) {
	h := newHub(t, Config{SlotSize: 64, SlotsPerGuest: 1})
	p, q := h.attach(pairConfig{}), h.attach(pairConfig{})
	p.host.Arm(KindSlot, 0)
	for _, id := range []uint32{1, 2} {
		atomic.StoreUint32(h.host.peerU32(id, layout.OffPeerHostFlags), layout.FlagKeeps|layout.FlagTable)
	}
	require.NoError(t, p.host.Wait(true), "a sleep for a slot is bounded")
	for _, l := range []*Link{p.guest, q.guest} {
		assert.NotZero(t, l.shm.PeerFlags()&layout.FlagBellSlot)
	}
	p.guest.Arm(KindSlot, 0)
	atomic.StoreUint32(h.host.peerU32(1, layout.OffPeerGuestFlags), layout.FlagKeeps)
	require.NoError(t, p.guest.Wait(true))
	assert.NotZero(t, p.host.shm.PeerFlags()&layout.FlagBellSlot)
}

func TestReclaimFreesWhatADeadGuestHeld(t *testing.T) {
	h := newHub(t, Config{SlotSize: 64, SlotsPerGuest: 8})
	dead, other := h.attach(pairConfig{}), h.attach(pairConfig{})
	sendNow(t, other.host, *large())
	require.Equal(t, 5, flood(t, dead.host))
	// A guest that clears bits of slots that nobody took gains nothing for long.
	atomic.AndUint64(h.host.u64(h.host.lay.pool(0)), ^uint64(1<<7))
	dead.host.retire()
	woken := make(chan struct{}, 1)
	other.host.OnWake(func() { woken <- struct{}{} })
	other.host.Arm(KindSlot, 0)
	h.pool.reclaim(dead.host.PeerID())
	<-woken
	other.host.Disarm(KindSlot, 0)
	assert.EqualValues(t, 7, h.freeSlots(0), "the other guest's slot is still out")
	assert.Equal(t, "", string(receiveOne(t, other.guest).Payload[:0]))
	assert.EqualValues(t, 8, h.freeSlots(0))
}

// TestManyGuestsShareTheHostsPool floods several guests at once through few slots.
func TestManyGuestsShareTheHostsPool(t *testing.T) {
	const guests, messages = 6, 400
	h := newHub(t, Config{RingSize: 4, SlotSize: 64, SlotsPerGuest: 3})
	var running sync.WaitGroup
	for i := range guests {
		p := h.attach(pairConfig{words: i%2 == 1})
		running.Add(2)
		wake := make(chan struct{}, 1)
		p.host.OnWake(func() {
			p.host.Interrupt()
			select {
			case wake <- struct{}{}:
			default:
			}
		})
		go func() {
			defer running.Done()
			for range messages {
				if !assert.NoError(t, stageWhen(p.host, large())) {
					return
				}
			}
		}()
		go func() {
			defer running.Done()
			b := NewBatch(2)
			for got := 0; got < messages; {
				n, err := receiveSome(p.guest, b)
				if !assert.NoError(t, err) {
					return
				}
				got += n
				p.guest.Notify()
			}
		}()
	}
	running.Wait()
	assert.EqualValues(t, 3, h.freeSlots(0))
	assert.Zero(t, h.pool.waiters.Load())
}
