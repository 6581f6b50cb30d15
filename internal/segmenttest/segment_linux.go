package segmenttest

import (
	"math/bits"
	"os"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// Segment is a mapping of its own of a host's memory.
type Segment struct{ Mem []byte }

// Map maps the segment of a running host, by the path that guests open.
func Map(t testing.TB, path string) *Segment {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	mem, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	require.NoError(t, err)
	return &Segment{mem}
}

// Unmap ends the mapping. Nothing may use it any more.
func (s *Segment) Unmap() { _ = unix.Munmap(s.Mem) }

// U32 is the word at an offset, aligned as every field is.
func (s *Segment) U32(offset uint64) *uint32 { return (*uint32)(unsafe.Pointer(&s.Mem[offset])) }

// U64 is the word at an offset, aligned as every field is.
func (s *Segment) U64(offset uint64) *uint64 { return (*uint64)(unsafe.Pointer(&s.Mem[offset])) }

// Entry is where the entry of a guest lies.
func Entry(peer uint32) uint64 {
	return layout.SizeHeader + layout.SizePeer*uint64(peer-1)
}

// Pool is where a pool lies, 0 the host's, and header how far from there its first slot
// is.
func (s *Segment) Pool(id uint32) (offset, header uint64) {
	slots, size := uint64(*s.U32(layout.OffHeaderSlotsPerGuest)), uint64(*s.U32(layout.OffHeaderSlotSize))
	header = (8*((slots+63)/64) + 63) &^ 63
	return *s.U64(layout.OffHeaderSlotRegionOffset) + uint64(id)*(header+slots*size), header
}

// InUse counts slots, of any pool, that are out and channel entries that are not free.
func (s *Segment) InUse() (slots, entries int) {
	guests := *s.U32(layout.OffHeaderMaxGuests)
	for id := range guests + 1 {
		slots += int(*s.U32(layout.OffHeaderSlotsPerGuest))
		pool, header := s.Pool(id)
		for word := pool; word < pool+header; word += 8 { // past the bitmap all is 0
			slots -= bits.OnesCount64(atomic.LoadUint64(s.U64(word)))
		}
	}
	for peer := uint32(1); peer <= guests; peer++ {
		table := *s.U64(Entry(peer) + layout.OffPeerChannelTableOffset)
		for id := range uint64(*s.U32(layout.OffHeaderMaxChannels)) {
			if atomic.LoadUint32(s.U32(table+layout.SizeChannel*id+layout.OffChannelState)) != layout.EntryFree {
				entries++
			}
		}
	}
	return slots, entries
}

// ringIndices are the fields of an entry that hold the indices of its rings.
var ringIndices = []uint64{layout.OffPeerGuestToHostHead, layout.OffPeerGuestToHostTail,
	layout.OffPeerHostToGuestHead, layout.OffPeerHostToGuestTail}

// Start sets the indices of all rings, which are empty, and the generations of all
// slots, as after so many messages.
func (s *Segment) Start(at uint32) {
	guests := *s.U32(layout.OffHeaderMaxGuests)
	for peer := uint32(1); peer <= guests; peer++ {
		for _, index := range ringIndices {
			atomic.StoreUint32(s.U32(Entry(peer)+index), at)
		}
	}
	for id := range guests + 1 {
		pool, header := s.Pool(id)
		for i := range uint64(*s.U32(layout.OffHeaderSlotsPerGuest)) {
			atomic.StoreUint32(s.U32(pool+header+i*uint64(*s.U32(layout.OffHeaderSlotSize))), at)
		}
	}
}

// Indices are those of a guest's rings.
func (s *Segment) Indices(peer uint32) (values []uint32) {
	for _, index := range ringIndices {
		values = append(values, atomic.LoadUint32(s.U32(Entry(peer)+index)))
	}
	return values
}
