package shmring

import (
	"fmt"
	"math"
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// entryWord is state (low half) and epoch (high half) of a peer entry: the layout puts
// them side by side, 8-aligned, so that one CAS changes both. A claim can thus never
// succeed on a later reservation of the same entry.
type entryWord uint64

func wordOf(state, epoch uint32) entryWord { return entryWord(epoch)<<32 | entryWord(state) }

func (w entryWord) state() uint32 { return uint32(w) }
func (w entryWord) epoch() uint32 { return uint32(w >> 32) }

func (w entryWord) String() string {
	names := map[uint32]string{
		layout.StateEmpty: "empty", layout.StateAttached: "attached",
		layout.StateGoodbye: "goodbye", layout.StateReserved: "reserved",
	}
	name, known := names[w.state()]
	if !known {
		name = fmt.Sprintf("state %d", w.state())
	}
	return fmt.Sprintf("%s with epoch %d", name, w.epoch())
}

// wordAt is the address of the word; one 64-bit atomic access covers both fields.
func (s *segment) wordAt(id uint32) *uint64 {
	return s.u64(s.lay.peerEntry(id) + layout.OffPeerState)
}

func (s *segment) word(id uint32) entryWord { return entryWord(atomic.LoadUint64(s.wordAt(id))) }

// setWord stores without looking at what stands there: for an entry that is ours by
// host-private knowledge. It publishes (release) what was written to the entry before,
// and comes before the look at a peer's flags that follows: a swap for the reason of
// the engine's store.
func (s *segment) setWord(id uint32, w entryWord) { atomic.SwapUint64(s.wordAt(id), uint64(w)) }

func (s *segment) casWord(id uint32, from, to entryWord) bool {
	return atomic.CompareAndSwapUint64(s.wordAt(id), uint64(from), uint64(to))
}

// hostLeaving reads host_goodbye.
func (s *segment) hostLeaving() bool {
	return atomic.LoadUint32(s.u32(layout.OffHeaderHostGoodbye)) != 0
}

// hostKeeps says whether the host of the entry keeps flags and lock (KEEPS).
func (s *segment) hostKeeps(id uint32) bool {
	return atomic.LoadUint32(s.peerU32(id, layout.OffPeerHostFlags))&layout.FlagKeeps != 0
}

// guestKeeps says whether the guest of the entry keeps flags and lock (KEEPS).
func (s *segment) guestKeeps(id uint32) bool {
	return atomic.LoadUint32(s.peerU32(id, layout.OffPeerGuestFlags))&layout.FlagKeeps != 0
}

// setGuestFlags says that the guest of the entry keeps flags and channel table.
func (s *segment) setGuestFlags(id uint32) {
	atomic.StoreUint32(s.peerU32(id, layout.OffPeerGuestFlags), layout.FlagKeeps|layout.FlagTable)
}

// freePool marks every slot of pool id free. The caller excludes all who take from it.
func (s *segment) freePool(id uint32) {
	pool, left := s.lay.pool(id), uint64(s.lay.SlotsPerGuest)
	for word := uint64(0); word < s.lay.PoolHeader/8; word++ {
		bits := uint64(math.MaxUint64)
		if left < 64 {
			bits = 1<<left - 1 // bits past the last slot stay 0
		}
		left -= min(left, 64)
		atomic.StoreUint64(s.u64(pool+8*word), bits)
	}
}

// cleanEntry makes all that belongs to guest id as a new guest must find it, state
// and epoch aside, its places included, which a guest may have written over. Nobody else may be inside that guest's memory; slots of the host's
// pool are the caller's matter. The order is that of shm.crash.recovery.
func (s *segment) cleanEntry(id uint32) {
	entry := s.lay.peerEntry(id)
	for _, index := range []uint64{layout.OffPeerGuestToHostHead, layout.OffPeerGuestToHostTail,
		layout.OffPeerHostToGuestHead, layout.OffPeerHostToGuestTail} {
		atomic.StoreUint32(s.peerU32(id, index), 0)
	}
	atomic.StoreUint64(s.beat(id), 0)
	s.freePool(id)
	for channel := uint64(0); channel < uint64(s.lay.MaxChannels); channel++ {
		atomic.StoreUint64(s.u64(s.lay.channelTable(id)+layout.SizeChannel*channel), 0) // state Free, nothing granted
	}
	atomic.StoreUint64(s.u64(entry+layout.OffPeerRingOffset), s.lay.ringOffset(id))
	atomic.StoreUint64(s.u64(entry+layout.OffPeerSlotPoolOffset), s.lay.pool(id))
	atomic.StoreUint64(s.u64(entry+layout.OffPeerChannelTableOffset), s.lay.channelTable(id))
	atomic.StoreUint32(s.peerU32(id, layout.OffPeerGuestFlags), 0)
	atomic.StoreUint32(s.peerU32(id, layout.OffPeerHostFlags), layout.FlagKeeps|layout.FlagTable)
}
