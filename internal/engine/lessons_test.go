//go:build linux

package engine

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// flipper is a peer that keeps changing the descriptor it has published.
type flipper struct {
	ring unsafe.Pointer // of 8 descriptors
	at   atomic.Uint32  // index of the descriptor that is published now
	stop atomic.Bool
	rand uint64
}

// Lawful and unlawful in any mixture. Slots 0 and 1 are out, 2 is free, 4 is none.
var (
	flippedSlots   = []uint32{0, 1, 0, 1, 0, 1, 2, 4, layout.InlineSlot}
	flippedOffsets = []uint32{0, 8, 24, 0, 8, 24, 90, 124, 1 << 31}
	flippedLengths = []uint32{10, 33, 100, 10, 33, 100, 124, 125, 300}
)

func (f *flipper) one(of []uint32) uint32 {
	f.rand = f.rand*6364136223846793005 + 1442695040888963407
	return of[f.rand>>33%uint64(len(of))]
}

func (f *flipper) run() {
	for !f.stop.Load() {
		d := unsafe.Add(f.ring, f.at.Load()%8*layout.SizeDesc)
		atomic.StoreUint32((*uint32)(unsafe.Add(d, layout.OffDescPayloadLen)), f.one(flippedLengths))
		atomic.StoreUint32((*uint32)(unsafe.Add(d, layout.OffDescPayloadSlot)), f.one(flippedSlots))
		atomic.StoreUint32((*uint32)(unsafe.Add(d, layout.OffDescPayloadOffset)), f.one(flippedOffsets))
	}
}

// TestLesson_DescriptorIsReadOnce: a peer that changes a descriptor while it is
// received gets a message as it was checked, with not one byte more, or a fault.
func TestLesson_DescriptorIsReadOnce(t *testing.T) {
	t.Run("copied", func(t *testing.T) { descriptorIsReadOnce(t, copied) })
	t.Run("lent", func(t *testing.T) { descriptorIsReadOnce(t, lentOnly) })
}

// copied receives one message by copying it.
func copied(_ *testing.T, host *End, records []Record, memory []byte) (got []byte, status Status) {
	n, status, _ := host.Receive(records, memory)
	if n == 0 {
		return nil, status
	}
	return memory[:records[0].Length], OK
}

// lentOnly receives one message by leaving it where it is, as long as that is looked at
// here.
func lentOnly(t *testing.T, host *End, records []Record, _ []byte) (got []byte, status Status) {
	if _, status, _ = host.Receive(records, nil); status != ArenaFull {
		return nil, status
	}
	payload, _ := host.Lend(&records[0])
	require.Equal(t, len(payload), cap(payload))
	got = bytes.Clone(payload)
	status, _ = host.Return(Slot{Index: records[0].Slot, Generation: records[0].Generation})
	require.Equal(t, OK, status)
	return got, OK
}

func descriptorIsReadOnce(t *testing.T, receive func(*testing.T, *End, []Record, []byte) ([]byte, Status)) {
	const generation, capacity, least = 7, 128 - layout.GenerationSize, 1000
	host, guest := twoEnds(t)
	ring, pool := guest.sendRing, guest.place.pool(guest.place.GuestPool)
	for i := range 8 { // what does not change
		d := unsafe.Add(ring, i*layout.SizeDesc)
		*(*byte)(unsafe.Add(d, layout.OffDescMsgType)) = layout.MsgData
		*(*uint32)(unsafe.Add(d, layout.OffDescID)) = 5
		*(*uint32)(unsafe.Add(d, layout.OffDescPayloadGeneration)) = generation
	}
	var payloads [2][]byte
	for slot := range uint32(2) {
		at := unsafe.Add(pool.slots, uint64(slot)*128)
		*(*uint32)(at) = generation
		payloads[slot] = unsafe.Slice((*byte)(unsafe.Add(at, layout.GenerationSize)), capacity)
		for i := range payloads[slot] {
			payloads[slot][i] = byte(i) | byte(slot)<<7
		}
	}

	f := &flipper{ring: ring}
	var running sync.WaitGroup
	running.Go(f.run)
	defer running.Wait()
	defer f.stop.Store(true)
	records := make([]Record, 1)
	memory := make([]byte, 1024)
	untouched := bytes.Repeat([]byte{0xEE}, len(memory))
	good, faults := 0, 0
	for round := 0; round < 500_000 || good < least || faults < least; round++ {
		atomic.AndUint64(pool.word(0), ^uint64(3)) // slots 0 and 1 are out, again
		atomic.StoreUint32(guest.sendHead, f.at.Load()+1)
		copy(memory, untouched)
		got, status := receive(t, host, records, memory[:capacity:capacity])
		if status != OK {
			require.True(t, status.Fault(), "status %d", status)
			require.True(t, bytes.Equal(memory, untouched), "a descriptor was refused and its payload copied")
			faults++
			continue
		}
		r := records[0]
		require.Less(t, r.Slot, uint32(2))
		require.LessOrEqual(t, r.Offset, uint32(capacity))
		require.LessOrEqual(t, r.Length, capacity-r.Offset)
		if !bytes.Equal(got, payloads[r.Slot][r.Offset:r.Offset+r.Length]) {
			t.Fatalf("%d bytes of slot %d from %d on came as others", r.Length, r.Slot, r.Offset)
		}
		require.True(t, bytes.Equal(memory[r.Length:], untouched[r.Length:]), "more than the %d bytes that were checked", r.Length)
		good++
		f.at.Add(1)
	}
}
