package shmring

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestRest is about what is put off between messages: free ring places of which the peer
// is not told, and slots that are taken ahead.
func TestRest(t *testing.T) {
	const slots, ahead = 16, 2
	for _, fromHost := range []bool{false, true} {
		h := newHub(t, Config{SlotSize: 64, SlotsPerGuest: slots})
		p := h.attach(pairConfig{})
		from, to, pool := p.guest, p.host, uint32(1)
		if fromHost {
			from, to, pool = p.host, p.guest, 0
		}
		unread := func() bool { _, unread := from.shm.Unread(); return unread }
		pass := func() {
			sendNow(t, from, Message{Type: MsgData, ID: 1, Payload: make([]byte, 40)})
			receiveOne(t, to)
		}
		pass()
		assert.True(t, unread())
		assert.EqualValues(t, slots-ahead+1, h.freeSlots(pool), "one came back")
		for _, l := range []*Link{to, from} {
			l.Rest()
			l.Notify()
		}
		assert.False(t, unread())
		assert.EqualValues(t, slots, h.freeSlots(pool))

		pass() // its sender rests: nothing stays taken
		assert.EqualValues(t, slots, h.freeSlots(pool))
		sendNow(t, to, Message{Type: MsgClose, ID: 1})
		receiveOne(t, from) // and rests no more
		pass()
		assert.EqualValues(t, slots-ahead+1, h.freeSlots(pool))
		pass() // with the last of them, after which it takes others
		assert.EqualValues(t, slots-ahead, h.freeSlots(pool))
		to.Rest() // who leaves waits for it
		assert.NoError(t, from.Leave(within(t), ""))
		assert.EqualValues(t, slots, h.freeSlots(pool))
	}
}
