//go:build linux

package engine

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

func TestRecordSaysAllOfTheDescriptor(t *testing.T) {
	host, guest := twoEnds(t)
	for _, dir := range []struct{ from, to *End }{{guest, host}, {host, guest}} {
		records, arena := make([]Record, 4), make([]byte, 512)
		long := bytes.Repeat([]byte("long"), 20)
		require.Equal(t, OK, dir.from.Stage(Header{Type: layout.MsgRequest, ID: 0x01020304, Method: math.MaxUint64 - 1}, []byte("pre"), []byte("fix"), NoneTaken))
		dir.from.Commit()
		require.Equal(t, OK, dir.from.Stage(Header{Type: layout.MsgData, ID: 15}, nil, long, NoneTaken))
		dir.from.Commit()
		n, status, bell := dir.to.Receive(records, arena)
		require.Equal(t, 2, n)
		require.Equal(t, OK, status)
		assert.False(t, bell)
		assert.Equal(t, Record{Type: layout.MsgRequest, ID: 0x01020304, Method: math.MaxUint64 - 1, Seq: 1, Length: 6,
			Slot: layout.InlineSlot}, records[0])
		assert.Equal(t, Record{Type: layout.MsgData, ID: 15, Seq: 2, At: 6, Length: 80, Generation: 1}, records[1])
		assert.Equal(t, "prefix"+string(long), string(arena[:86]))
		assert.EqualValues(t, 2, dir.to.Tail())
		assert.EqualValues(t, 2, dir.to.Head())
		_, unread := dir.from.Unread()
		assert.False(t, unread)
	}
}

func TestDescriptorInTheRing(t *testing.T) {
	_, guest := twoEnds(t)
	require.Equal(t, OK, guest.Stage(Header{Type: layout.MsgResponse, ID: 7, Method: 9}, []byte{1, 0}, []byte{0xAB}, NoneTaken))
	want := make([]byte, layout.SizeDesc)
	want[layout.OffDescMsgType] = layout.MsgResponse
	want[layout.OffDescID] = 7
	want[layout.OffDescMethodID] = 9
	copy(want[layout.OffDescPayloadSlot:], "\xFF\xFF\xFF\xFF")
	want[layout.OffDescPayloadLen] = 3
	copy(want[layout.OffDescInlinePayload:], "\x01\x00\xAB")
	got := (*[layout.SizeDesc]byte)(guest.sendRing)
	assert.Equal(t, want, got[:])
	assert.Zero(t, guest.Head())
}

func TestReceiveStopsWhereTheArenaEnds(t *testing.T) {
	host, guest := twoEnds(t)
	for id := range uint32(3) {
		require.Equal(t, OK, guest.Stage(Header{Type: layout.MsgRequest, ID: id}, nil, make([]byte, 50), NoneTaken))
		guest.Commit()
	}
	records := make([]Record, 8)
	n, status, _ := host.Receive(records, make([]byte, 120))
	assert.Equal(t, 2, n)
	assert.Equal(t, ArenaFull, status)
	n, status, _ = host.Receive(records, make([]byte, 49))
	assert.Zero(t, n)
	assert.Equal(t, ArenaFull, status)
	assert.EqualValues(t, 50, records[0].Length, "what the arena has to hold")
	assert.True(t, host.Pending())
	n, status, _ = host.Receive(records[:1], make([]byte, 50))
	assert.Equal(t, 1, n)
	assert.Equal(t, OK, status)
	assert.EqualValues(t, 2, records[0].ID)
}

// TestBatchesOfEverySize come as they were sent, whatever came before them. A size once more
// after itself: what receives may depend on how large the last batch was.
func TestBatchesOfEverySize(t *testing.T) {
	const ring = 32
	host, guest := twoEndsOf(t, ring)
	records, arena := make([]Record, ring), make([]byte, ring*128)
	sent, slots := uint32(0), uint32(4)
	for size := range uint32(2 * ring) {
		size /= 2
		first := sent
		for i := range size {
			length := sent % 33 // inline
			if i < slots {
				length += 60
			}
			require.Equal(t, OK, guest.Stage(Header{Type: layout.MsgRequest, ID: sent}, nil, bytes.Repeat([]byte{byte(sent)}, int(length)), NoneTaken))
			guest.Commit()
			sent++
		}
		n, status, _ := host.Receive(records, arena)
		require.EqualValues(t, size, n)
		require.Equal(t, OK, status)
		for i, r := range records[:n] {
			id := first + uint32(i)
			require.Equal(t, id, r.ID)
			require.Equal(t, id+1, r.Seq)
			length := id % 33
			if uint32(i) < slots {
				length += 60
			}
			require.Equal(t, bytes.Repeat([]byte{byte(id)}, int(length)), arena[r.At:r.At+r.Length])
		}
	}
	assert.Equal(t, sent, host.Tail())
	_, unread := guest.Unread()
	assert.False(t, unread)
}

// TestBadMessageEndsItsBatch: those before it are received, and it is what remains.
func TestBadMessageEndsItsBatch(t *testing.T) {
	const ring, good = 32, 12
	for _, before := range []int{0, 30} { // in a batch of their own; after a large one C receives
		host, guest := twoEndsOf(t, ring)
		records, arena := make([]Record, ring), make([]byte, 1024)
		send := func(kind uint8) {
			require.Equal(t, OK, guest.Stage(Header{Type: kind, ID: 1}, nil, []byte("x"), NoneTaken))
			guest.Commit()
		}
		for range before {
			send(layout.MsgRequest)
		}
		n, status, _ := host.Receive(records, arena)
		require.Equal(t, before, n)
		require.Equal(t, OK, status)
		for range good {
			send(layout.MsgRequest)
		}
		send(0)
		send(layout.MsgRequest)
		n, status, _ = host.Receive(records, arena)
		assert.Equal(t, good, n)
		assert.Equal(t, BadType, status)
		n, status, _ = host.Receive(records, arena)
		assert.Zero(t, n)
		assert.Equal(t, BadType, status)
	}
}

func TestStageHoldsNothingWhenItFails(t *testing.T) {
	host, guest := twoEnds(t)
	assert.Equal(t, TooLong, guest.Stage(Header{Type: layout.MsgRequest}, make([]byte, 100), make([]byte, 25), NoneTaken))
	for range 4 {
		require.Equal(t, OK, guest.Stage(Header{Type: layout.MsgRequest}, make([]byte, 100), make([]byte, 24), NoneTaken))
		guest.Commit()
	}
	assert.Equal(t, NoSlot, guest.Stage(Header{Type: layout.MsgRequest}, nil, make([]byte, 33), NoneTaken))
	for range 3 {
		require.Equal(t, OK, guest.Stage(Header{Type: layout.MsgRequest}, nil, make([]byte, 32), NoneTaken))
		guest.Commit()
	}
	assert.Equal(t, NoSpace, guest.Room())
	assert.Equal(t, NoSpace, guest.Stage(Header{Type: layout.MsgRequest}, nil, nil, NoneTaken))
	n, status, _ := host.Receive(make([]Record, 8), make([]byte, 1024))
	assert.Equal(t, 7, n)
	assert.Equal(t, OK, status)
	assert.Equal(t, OK, guest.Room())
}

func TestSlotOfTheCallerStaysTheCallers(t *testing.T) {
	host, guest := twoEnds(t)
	own, _ := host.place.pools()
	slot, ok := own.Take()
	require.True(t, ok)
	require.Equal(t, OK, host.Stage(Header{Type: layout.MsgRequest}, nil, make([]byte, 40), slot))
	host.Abort()
	assert.EqualValues(t, 3, own.Free())
	require.Equal(t, OK, host.Stage(Header{Type: layout.MsgRequest}, nil, make([]byte, 40), slot))
	host.Commit()
	records := make([]Record, 1)
	n, _, _ := guest.Receive(records, make([]byte, 64))
	require.Equal(t, 1, n)
	assert.Equal(t, slot, Slot{records[0].Slot, records[0].Generation})
	assert.EqualValues(t, 4, own.Free())

	require.Equal(t, OK, guest.Stage(Header{Type: layout.MsgRequest}, nil, make([]byte, 40), NoneTaken))
	guest.Abort()
	guest.Abort()
	taken, _ := guest.place.pools()
	assert.EqualValues(t, 4, taken.Free())
}

// pass sends a message and receives it; the results are the bells of both steps.
func pass(t *testing.T, from, to *End, size int) (committed, received bool) {
	t.Helper()
	require.Equal(t, OK, from.Stage(Header{Type: layout.MsgRequest}, nil, make([]byte, size), NoneTaken))
	committed = from.Commit()
	n, status, received := to.Receive(make([]Record, 1), make([]byte, 128))
	require.Equal(t, 1, n)
	require.Equal(t, OK, status)
	return committed, received
}

// TestFlagsDecideWhoIsRung goes through the host's bits for each step of the guest.
func TestFlagsDecideWhoIsRung(t *testing.T) {
	host, guest := twoEnds(t)
	for k, step := range map[Kind]func() bool{
		Messages: func() bool { committed, _ := pass(t, guest, host, 0); return committed },
		Space:    func() bool { _, received := pass(t, host, guest, 0); return received },
		SlotBack: func() bool { _, received := pass(t, host, guest, 40); return received },
		Credit:   func() bool { return guest.Grant(3, 5) },
	} {
		assert.False(t, step(), "nobody waits")
		host.Declare(BellBit(k))
		assert.True(t, step(), "kind %d", k)
		host.Withdraw(BellBit(k))
		host.Declare(FutexBit(k))
		assert.False(t, step(), "woken by its word")
		host.Withdraw(FutexBit(k) | layout.FlagKeeps)
		assert.True(t, step(), "a foreign peer always")
		host.Declare(layout.FlagKeeps)
	}
	assert.EqualValues(t, 20, guest.Granted(3))
}

func TestPoolOfSeveralWords(t *testing.T) {
	const slots = 130
	bitmap := make([]uint64, 8+slots)
	pool := NewPool(ptr(bitmap), 64, 8, slots)
	bitmap[0], bitmap[1], bitmap[2] = math.MaxUint64, math.MaxUint64, math.MaxUint64 // bits past the last are no slots
	assert.EqualValues(t, slots, pool.Free())
	for i := range uint32(slots) {
		slot, ok := pool.Take()
		require.True(t, ok)
		require.Equal(t, Slot{Index: i, Generation: 1}, slot)
	}
	_, ok := pool.Take()
	assert.False(t, ok)
	assert.Zero(t, pool.Free())
	assert.Equal(t, uint64(3), pool.OutBits(2))
	assert.True(t, pool.Return(129))
	assert.False(t, pool.Return(129))
	slot, _ := pool.Take()
	assert.Equal(t, Slot{Index: 129, Generation: 2}, slot)
}

func TestSpinSeesAMessage(t *testing.T) {
	host, guest := twoEnds(t)
	assert.False(t, host.Spin(3))
	seen := make(chan struct{})
	go func() {
		for !host.Spin(10) {
		}
		close(seen)
	}()
	guest.Commit()
	<-seen
	assert.True(t, host.Spin(1))
}
