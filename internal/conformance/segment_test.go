package conformance

import (
	"math"
	"math/bits"
	"os"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/shmring"
)

// segment is a host's memory, mapped once more by the test to look at, and to set up,
// what no API shows.
type segment struct {
	mem []byte
	cfg shmring.Config
}

func mapSegment(t *testing.T, host *shmring.Host) *segment {
	t.Helper()
	f, err := os.OpenFile(host.Path(), os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	mem, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	require.NoError(t, err)
	return &segment{mem: mem, cfg: host.Config()}
}

func (s *segment) unmap(t *testing.T) { require.NoError(t, unix.Munmap(s.mem)) }

// u32 and u64 are words of the segment; offset is aligned, as every field is.
func (s *segment) u32(offset uint64) *uint32 { return (*uint32)(unsafe.Pointer(&s.mem[offset])) }

func (s *segment) u64(offset uint64) *uint64 { return (*uint64)(unsafe.Pointer(&s.mem[offset])) }

// entry is where the entry of a guest lies.
func (s *segment) entry(peer uint32) uint64 {
	return layout.SizeHeader + layout.SizePeer*uint64(peer-1)
}

// pool is where a pool lies, 0 the host's, and words how long its bitmap is.
func (s *segment) pool(id uint32) (offset, words uint64) {
	words = (uint64(s.cfg.SlotsPerGuest) + 63) / 64
	header := (8*words + 63) &^ 63
	return *s.u64(layout.OffHeaderSlotRegionOffset) + uint64(id)*(header+s.slots()), words
}

// slots are the bytes of a pool's slots.
func (s *segment) slots() uint64 { return uint64(s.cfg.SlotsPerGuest) * uint64(s.cfg.SlotSize) }

// inUse counts slots, of any pool, that are out and channel entries that are not free.
func (s *segment) inUse() (slots, entries int) {
	for id := range s.cfg.MaxGuests + 1 {
		slots += int(s.cfg.SlotsPerGuest)
		pool, words := s.pool(id)
		for w := range words {
			slots -= bits.OnesCount64(atomic.LoadUint64(s.u64(pool + 8*w)))
		}
	}
	for peer := uint32(1); peer <= s.cfg.MaxGuests; peer++ {
		table := *s.u64(s.entry(peer) + layout.OffPeerChannelTableOffset)
		for id := range uint64(s.cfg.MaxChannels) {
			if atomic.LoadUint32(s.u32(table+layout.SizeChannel*id+layout.OffChannelState)) != layout.EntryFree {
				entries++
			}
		}
	}
	return slots, entries
}

// nearWrap is where counters start that are to wrap within a few messages.
const nearWrap = math.MaxUint32 - 100

// ringIndices are the fields of an entry that hold the indices of its rings.
var ringIndices = []uint64{layout.OffPeerGuestToHostHead, layout.OffPeerGuestToHostTail,
	layout.OffPeerHostToGuestHead, layout.OffPeerHostToGuestTail}

// startNearWrap sets the indices of all rings, which are empty, and the generations of
// all slots, as after almost 2^32 messages.
func (s *segment) startNearWrap() {
	for peer := uint32(1); peer <= s.cfg.MaxGuests; peer++ {
		for _, index := range ringIndices {
			atomic.StoreUint32(s.u32(s.entry(peer)+index), nearWrap)
		}
	}
	for id := range s.cfg.MaxGuests + 1 {
		pool, words := s.pool(id)
		first := pool + (8*words+63)&^63
		for i := range uint64(s.cfg.SlotsPerGuest) {
			atomic.StoreUint32(s.u32(first+i*uint64(s.cfg.SlotSize)), nearWrap)
		}
	}
}

// indices are those of a guest's rings.
func (s *segment) indices(peer uint32) (values []uint32) {
	for _, index := range ringIndices {
		values = append(values, atomic.LoadUint32(s.u32(s.entry(peer)+index)))
	}
	return values
}
