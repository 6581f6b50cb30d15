package shmring

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// joins are the ways two sides are joined, each run over the engine that is built in.
var joins = map[string]pairConfig{
	"doorbell":     {},
	"words":        {words: true},
	"wrap":         {start: nearWrap},
	"wrap, words":  {start: nearWrap, words: true},
	"foreign":      {foreign: true},
	"foreignWords": {foreign: true, words: true},
}

func eachJoin(t *testing.T, test func(t *testing.T, c pairConfig)) {
	for name, c := range joins {
		t.Run(name, func(t *testing.T) { test(t, c) })
	}
}

func TestMessageArrivesAsItWasSent(t *testing.T) {
	eachJoin(t, func(t *testing.T, c pairConfig) {
		p := onePair(t, Config{SlotSize: 256, SlotsPerGuest: 2, RingSize: 4, MaxGuests: 1}, c)
		for _, dir := range []struct{ from, to *Link }{{p.guest, p.host}, {p.host, p.guest}} {
			for i, size := range []int{0, 1, 31, 32, 33, 100, 252} {
				payload := bytes.Repeat([]byte{byte(i + 1)}, size)
				sent := Message{Type: MsgRequest, ID: uint32(i) + 7, Method: 0xFEDCBA9876543210, Payload: payload}
				sendNow(t, dir.from, sent)
				require.True(t, dir.to.Pending())
				got := receiveOne(t, dir.to)
				require.Equal(t, c.start+uint32(i)+1, got.Seq)
				require.Equal(t, got.Seq, dir.to.RecvHead())
				got.Seq, sent.Payload = 0, payload
				require.Equal(t, string(payload), string(got.Payload))
				got.Payload = payload
				require.Equal(t, sent, got)
				require.False(t, dir.to.Pending())
			}
		}
	})
}

func TestPrefixComesBeforePayload(t *testing.T) {
	p := onePair(t, Config{SlotSize: 256}, pairConfig{})
	for _, size := range []int{4, 28, 29, 200} {
		payload := bytes.Repeat([]byte{'p'}, size)
		require.NoError(t, p.guest.Stage(&Message{Type: MsgData, ID: 1, Payload: payload}, []byte("1234")))
		p.guest.Commit()
		assert.Equal(t, "1234"+string(payload), string(receiveOne(t, p.host).Payload))
	}
}

func TestStagedMessageIsNotSeen(t *testing.T) {
	h := newHub(t, Config{SlotSize: 256, SlotsPerGuest: 1})
	p := h.attach(pairConfig{})
	for _, l := range []*Link{p.guest, p.host} {
		other := p.host
		if l.IsHost() {
			other = p.guest
		}
		require.NoError(t, l.Stage(&Message{Type: MsgData, ID: 1, Payload: make([]byte, 100)}, nil))
		assert.False(t, other.Pending())
		l.Abort()
		assert.False(t, other.Pending())
		assert.EqualValues(t, 1, h.freeSlots(0))
		assert.EqualValues(t, 1, h.freeSlots(1))
		sendNow(t, l, Message{Type: MsgClose, ID: 3})
		assert.Equal(t, MsgClose, receiveOne(t, other).Type)
	}
}

func TestFullRingAndEmptyPoolHoldNothing(t *testing.T) {
	h := newHub(t, Config{RingSize: 2, SlotSize: 64, SlotsPerGuest: 1})
	p := h.attach(pairConfig{})
	big := Message{Type: MsgData, ID: 1, Payload: make([]byte, 40)}
	for _, l := range []*Link{p.guest, p.host} {
		other := p.host
		if l.IsHost() {
			other = p.guest
		}
		sendNow(t, l, Message{Type: MsgClose, ID: 1})
		require.ErrorIs(t, l.Stage(&big, nil), ErrNoSpace)
		assert.EqualValues(t, 1, h.freeSlots(0))
		assert.EqualValues(t, 1, h.freeSlots(1))
		receiveOne(t, other)
		sendNow(t, l, big)
		require.ErrorIs(t, l.Stage(&big, nil), ErrNoSpace)
		receiveOne(t, other)
	}
	// A slot is out, though the ring has room.
	slot, _, ok := h.pool.take(1, 0)
	require.True(t, ok)
	require.ErrorIs(t, p.host.Stage(&big, nil), ErrNoSlot)
	sendNow(t, p.host, Message{Type: MsgClose, ID: 1})
	h.pool.pool.Return(slot.Index)
}

func TestOversizePayloadIsRefusedLocally(t *testing.T) {
	p := onePair(t, Config{SlotSize: 128, MaxPayload: 100}, pairConfig{})
	err := p.guest.Stage(&Message{Type: MsgRequest, ID: 1, Payload: make([]byte, 99)}, []byte{1, 0})
	var size *SizeError
	require.ErrorAs(t, err, &size)
	assert.Equal(t, SizeError{Size: 101, Max: 100}, *size)
	assert.ErrorContains(t, err, "101")
	require.NoError(t, p.guest.Stage(&Message{Type: MsgRequest, ID: 1, Payload: make([]byte, 98)}, []byte{1, 0}))
	p.guest.Commit()
}

// TestFloodBothWays has both sides send as fast as they can, each stopping to receive
// only in another goroutine, through rings of two and pools of one slot.
func TestFloodBothWays(t *testing.T) {
	const messages = 3000
	eachJoin(t, func(t *testing.T, c pairConfig) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		h := newHub(t, Config{RingSize: 2, SlotSize: 128, SlotsPerGuest: 1})
		p := h.attach(c)
		var running sync.WaitGroup
		for _, l := range []*Link{p.guest, p.host} {
			running.Add(1)
			go func() {
				defer running.Done()
				floodAndCheck(t, l, messages)
			}()
		}
		running.Wait()
		assert.EqualValues(t, 1, h.freeSlots(0))
		assert.EqualValues(t, 1, h.freeSlots(1))
	})
}

// floodAndCheck sends so many messages and receives as many, in one goroutine that
// blocks for neither alone.
func floodAndCheck(t *testing.T, l *Link, messages uint32) {
	b := NewBatch(3)
	for sent, got := uint32(0), uint32(0); sent < messages || got < messages; {
		n, err := l.Receive(b)
		if !assert.NoError(t, err) {
			return
		}
		for _, m := range b.Messages {
			if !assert.Equal(t, got, m.ID-1) || !assert.Equal(t, string(content(got)), string(m.Payload)) {
				return
			}
			got++
		}
		staged := error(ErrNoSpace)
		if sent < messages {
			staged = l.Stage(&Message{Type: MsgRequest, ID: sent + 1, Payload: content(sent)}, nil)
		}
		if staged == nil {
			l.Commit()
			sent++
		}
		l.Notify()
		if n > 0 || staged == nil {
			continue
		}
		for k := KindMessages; k <= KindSlot; k++ {
			l.Arm(k, 0)
		}
		room := sent < messages && stageable(l)
		if !l.Pending() && !room {
			_ = l.Wait(true)
		}
		for k := KindMessages; k <= KindSlot; k++ {
			l.Disarm(k, 0)
		}
	}
}

// stageable looks again, after Arm, whether a payload in a slot can be sent.
func stageable(l *Link) bool {
	if l.Stage(&Message{Type: MsgCancel, Payload: make([]byte, 40)}, nil) != nil {
		return false
	}
	l.Abort()
	return true
}

// content is the payload of message i: inline, empty and in slots.
func content(i uint32) []byte {
	return bytes.Repeat([]byte{byte(i), byte(i >> 8)}, int(i*7%60))
}

func TestRandomBatchesKeepOrderAcrossTheWrap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	h := newHub(t, Config{RingSize: 8, SlotSize: 64, SlotsPerGuest: 3})
	p := h.attach(pairConfig{start: nearWrap})
	for _, l := range []*Link{p.guest, p.host} {
		other := p.host
		if l.IsHost() {
			other = p.guest
		}
		sent, got := uint32(0), uint32(0)
		for got < 500 {
			for range random.IntN(9) {
				payload := content(sent)
				err := l.Stage(&Message{Type: MsgRequest, ID: sent + 1, Payload: payload[:min(len(payload), 60)]}, nil)
				if err == nil && random.IntN(5) == 0 {
					l.Abort()
				} else if err == nil {
					l.Commit()
					sent++
				}
			}
			b := NewBatch(1 + random.IntN(8))
			_, err := other.Receive(b)
			require.NoError(t, err)
			for _, m := range b.Messages {
				payload := content(got)
				got++
				require.Equal(t, got, m.ID)
				require.Equal(t, nearWrap+got, m.Seq)
				require.Equal(t, string(payload[:min(len(payload), 60)]), string(m.Payload))
			}
		}
	}
	for b := NewBatch(8); p.guest.Pending() || p.host.Pending(); {
		_, _ = p.guest.Receive(b)
		_, _ = p.host.Receive(b)
	}
	assert.EqualValues(t, 3, h.freeSlots(0))
	assert.EqualValues(t, 3, h.freeSlots(1))
}

func TestBatchTakesLargePayloadsPiecewise(t *testing.T) {
	p := onePair(t, Config{RingSize: 16, SlotSize: 1 << 20, SlotsPerGuest: 8}, pairConfig{})
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16-1)
	for i := range 8 {
		sendNow(t, p.guest, Message{Type: MsgRequest, ID: uint32(i), Payload: large[:len(large)-i]})
	}
	b, got := NewBatch(8), 0
	var kept [][]byte
	for got < 8 {
		n, err := p.host.Receive(b)
		require.NoError(t, err)
		require.Positive(t, n)
		for _, m := range b.Messages {
			require.EqualValues(t, got, m.ID)
			require.True(t, bytes.Equal(large[:len(large)-got], m.Payload))
			require.True(t, m.Owned)
			kept = append(kept, m.Payload)
			got++
		}
	}
	for i, payload := range kept {
		assert.True(t, bytes.Equal(large[:len(large)-i], payload), "a later Receive writes where nobody else does")
	}
}

func TestChannelTable(t *testing.T) {
	p := onePair(t, Config{MaxChannels: 4}, pairConfig{})
	assert.True(t, p.guest.IsFree(3))
	p.guest.Activate(3, 1000)
	assert.False(t, p.host.IsFree(3))
	assert.EqualValues(t, 1000, p.host.Granted(3))
	p.host.Grant(3, 24)
	assert.EqualValues(t, 1024, p.guest.Granted(3))
	p.guest.Activate(1, nearWrap)
	p.host.Grant(1, 10)
	assert.EqualValues(t, 4, p.guest.Granted(1), "granted_total wraps")
	p.host.Free(3)
	assert.True(t, p.guest.IsFree(3))
	for _, id := range []uint32{0, 4, 1 << 31} {
		p.guest.Activate(id, 1)
		p.guest.Grant(id, 1)
		p.guest.Free(id)
		assert.Zero(t, p.guest.Granted(id))
		assert.False(t, p.guest.IsFree(id))
	}
}

func TestFacts(t *testing.T) {
	p := onePair(t, Config{SlotSize: 512, InitialCredit: 99, MaxChannels: 8}, pairConfig{})
	assert.Equal(t, Limits{MaxPayload: 508, InitialCredit: 99, MaxChannels: 8}, p.guest.Limits())
	assert.True(t, p.host.IsHost())
	assert.False(t, p.guest.IsHost())
	assert.EqualValues(t, 1, p.host.PeerID())
	assert.False(t, p.host.Foreign())
	assert.True(t, p.guest.PeerHasTable())
	f := onePair(t, Config{}, pairConfig{foreign: true})
	assert.True(t, f.host.Foreign())
	assert.False(t, f.guest.PeerHasTable())
}

func TestSmallMessagesAllocateNothing(t *testing.T) {
	p := onePair(t, Config{}, pairConfig{})
	b := NewBatch(8)
	message := Message{Type: MsgRequest, ID: 1}
	prefix := []byte{1, 0}
	for _, size := range []int{20, 4000} {
		message.Payload = make([]byte, size)
		for _, dir := range []struct{ from, to *Link }{{p.guest, p.host}, {p.host, p.guest}} {
			allocs := testing.AllocsPerRun(200, func() {
				if err := dir.from.Stage(&message, prefix); err != nil {
					panic(err)
				}
				dir.from.Commit()
				dir.from.Notify()
				if n, err := dir.to.Poll(b, 1); n != 1 || err != nil {
					panic(err)
				}
				dir.to.Notify()
				dir.to.Arm(KindCredit, 1)
				dir.from.Grant(1, 1)
				dir.to.Disarm(KindCredit, 1)
			})
			assert.Zero(t, allocs, "payload of %d bytes", size)
		}
	}
}

func TestRetiredLinkIsSafeToUse(t *testing.T) {
	for _, c := range []pairConfig{{}, {words: true}} {
		p := onePair(t, Config{}, c)
		require.NoError(t, p.guest.Leave(within(t), ""))
		require.NoError(t, p.guest.Leave(within(t), "again"))
		require.NoError(t, p.guestSeg.close())
		l := p.guest
		var word uint32
		require.ErrorIs(t, l.Stage(&Message{Type: MsgData, ID: 1}, nil), ErrClosed)
		l.Notify()
		_, err := l.Receive(NewBatch(1))
		require.ErrorIs(t, err, ErrClosed)
		assert.True(t, l.Pending())
		_, err = l.Poll(NewBatch(1), 1)
		require.ErrorIs(t, err, ErrClosed)
		assert.Zero(t, l.RecvHead())
		l.Arm(KindMessages, 0)
		l.Disarm(KindMessages, 0)
		require.ErrorIs(t, l.Wait(true), ErrClosed)
		l.Interrupt()
		l.Nap(&word, 0, 1, false)
		l.Activate(1, 1)
		l.Grant(1, 1)
		l.Free(1)
		assert.False(t, l.IsFree(1))
		assert.Zero(t, l.Granted(1))
		l.wakePeer()
	}
}
