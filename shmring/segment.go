package shmring

import (
	"encoding/binary"
	"math"
	"os"
	"strconv"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// magicWord is the magic as the little-endian word at offset 0, so that one store
// publishes the segment.
var magicWord = binary.LittleEndian.Uint64([]byte(layout.SegmentMagic))

// segment is one mapping of a shared segment. The bytes may be changed by any peer at
// any time; lay is ours.
type segment struct {
	mem  []byte
	lay  segmentLayout
	file *os.File // the description that holds this process's lock, if any
}

// ptr is the address of offset off. The slice expression checks it against the
// mapping; the mapping outlives every use, which the links' gates guarantee.
func (s *segment) ptr(off uint64) unsafe.Pointer {
	return unsafe.Pointer(&s.mem[off])
}

// u32 is the word at off, which the layout aligns to 4 bytes.
func (s *segment) u32(off uint64) *uint32 {
	return (*uint32)(unsafe.Pointer(&s.mem[off : off+4 : off+4][0])) // whole word inside the mapping
}

// u64 is the word at off, which the layout aligns to 8 bytes.
func (s *segment) u64(off uint64) *uint64 {
	return (*uint64)(unsafe.Pointer(&s.mem[off : off+8 : off+8][0])) // whole word inside the mapping
}

// peerU32 is a 32-bit field of the entry of guest id.
func (s *segment) peerU32(id uint32, field uint64) *uint32 {
	return s.u32(s.lay.peerEntry(id) + field)
}

// beat is last_heartbeat of guest id, CLOCK_MONOTONIC nanoseconds.
func (s *segment) beat(id uint32) *uint64 {
	return s.u64(s.lay.peerEntry(id) + layout.OffPeerLastHeartbeat)
}

// writeHeader fills the fresh, zeroed segment with its header and clean peer
// entries. The magic is not written: see publish.
func (s *segment) writeHeader() {
	l := &s.lay
	le := binary.LittleEndian
	le.PutUint32(s.mem[layout.OffHeaderVersion:], layout.Version)
	le.PutUint32(s.mem[layout.OffHeaderHeaderSize:], layout.SizeHeader)
	le.PutUint64(s.mem[layout.OffHeaderTotalSize:], l.Total)
	le.PutUint32(s.mem[layout.OffHeaderMaxPayloadSize:], l.MaxPayload)
	le.PutUint32(s.mem[layout.OffHeaderInitialCredit:], l.InitialCredit)
	le.PutUint32(s.mem[layout.OffHeaderMaxGuests:], l.MaxGuests)
	le.PutUint32(s.mem[layout.OffHeaderRingSize:], l.RingSize)
	le.PutUint64(s.mem[layout.OffHeaderPeerTableOffset:], l.PeerTable)
	le.PutUint64(s.mem[layout.OffHeaderSlotRegionOffset:], l.SlotRegion)
	le.PutUint32(s.mem[layout.OffHeaderSlotSize:], l.SlotSize)
	le.PutUint32(s.mem[layout.OffHeaderSlotsPerGuest:], l.SlotsPerGuest)
	le.PutUint32(s.mem[layout.OffHeaderMaxChannels:], l.MaxChannels)
	le.PutUint64(s.mem[layout.OffHeaderHeartbeatInterval:], uint64(l.HeartbeatInterval))
	le.PutUint64(s.mem[layout.OffHeaderCurrentSize:], l.Total)
	le.PutUint32(s.mem[layout.OffHeaderFeatures:], layout.FeatureWaiterFlags)
	s.freePool(0)
	for id := uint32(1); id <= l.MaxGuests; id++ {
		entry := s.mem[l.peerEntry(id):]
		le.PutUint64(entry[layout.OffPeerRingOffset:], l.ringOffset(id))
		le.PutUint64(entry[layout.OffPeerSlotPoolOffset:], l.pool(id))
		le.PutUint64(entry[layout.OffPeerChannelTableOffset:], l.channelTable(id))
		s.cleanEntry(id)
	}
}

// publish stores the magic. A guest that reads it (acquire) sees all that
// writeHeader wrote: a Go atomic store is at least a release.
func (s *segment) publish() {
	atomic.StoreUint64(s.u64(layout.OffHeaderMagic), magicWord)
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
// and epoch aside. Nobody else may be inside that guest's memory; slots of the host's
// pool are the caller's matter. The order is that of shm.crash.recovery.
func (s *segment) cleanEntry(id uint32) {
	for _, index := range []uint64{layout.OffPeerGuestToHostHead, layout.OffPeerGuestToHostTail,
		layout.OffPeerHostToGuestHead, layout.OffPeerHostToGuestTail} {
		atomic.StoreUint32(s.peerU32(id, index), 0)
	}
	atomic.StoreUint64(s.beat(id), 0)
	s.freePool(id)
	for channel := uint64(0); channel < uint64(s.lay.MaxChannels); channel++ {
		atomic.StoreUint64(s.u64(s.lay.channelTable(id)+layout.SizeChannel*channel), 0) // state Free, nothing granted
	}
	atomic.StoreUint32(s.peerU32(id, layout.OffPeerGuestFlags), 0)
	atomic.StoreUint32(s.peerU32(id, layout.OffPeerHostFlags), layout.FlagKeeps|layout.FlagTable)
}

// parseHeader checks the header at the start of mem, mapped or read, against the size
// of the file and against itself, and gives the layout that follows from it. The
// header is copied once; only the copy is looked at.
func parseHeader(mem []byte, size uint64) (segmentLayout, error) {
	const of = "segment header"
	if len(mem) < layout.SizeHeader {
		return segmentLayout{}, &BoundError{of, "file size", size, "must be at least 128 bytes: not a segment"}
	}
	// Acquire: what the host wrote before the magic is visible after it. A
	// mapping is page aligned and an allocation 8-aligned, so the word is aligned.
	magic := atomic.LoadUint64((*uint64)(unsafe.Pointer(&mem[layout.OffHeaderMagic])))
	var header [layout.SizeHeader]byte
	copy(header[:], mem)
	u32 := func(off int) uint32 { return binary.LittleEndian.Uint32(header[off:]) }
	u64 := func(off int) uint64 { return binary.LittleEndian.Uint64(header[off:]) }
	switch {
	case magic != magicWord:
		return segmentLayout{}, &BoundError{of, "magic", strconv.Quote(string(header[:8])), "must be RAPAHUB and 01: not a segment, or not ready"}
	case u32(layout.OffHeaderVersion) != layout.Version:
		return segmentLayout{}, &BoundError{of, "version", u32(layout.OffHeaderVersion), "must be 1"}
	case u32(layout.OffHeaderHeaderSize) != layout.SizeHeader:
		return segmentLayout{}, &BoundError{of, "header_size", u32(layout.OffHeaderHeaderSize), "must be 128"}
	case u64(layout.OffHeaderVarSlotPoolOffset) != 0 && u32(layout.OffHeaderVarClassCount) == 0:
		return segmentLayout{}, &BoundError{of, "var_class_count", 0, "must be given with a variable-size slot pool"}
	case u64(layout.OffHeaderVarSlotPoolOffset) != 0:
		return segmentLayout{}, &BoundError{of, "var_slot_pool_offset", u64(layout.OffHeaderVarSlotPoolOffset),
			"must be 0: variable-size slot pools are not supported by this version"}
	}
	interval := u64(layout.OffHeaderHeartbeatInterval)
	lay, err := computeLayout(of, segmentLayout{
		MaxPayload:        u32(layout.OffHeaderMaxPayloadSize),
		InitialCredit:     u32(layout.OffHeaderInitialCredit),
		MaxGuests:         u32(layout.OffHeaderMaxGuests),
		RingSize:          u32(layout.OffHeaderRingSize),
		SlotSize:          u32(layout.OffHeaderSlotSize),
		SlotsPerGuest:     u32(layout.OffHeaderSlotsPerGuest),
		MaxChannels:       u32(layout.OffHeaderMaxChannels),
		HeartbeatInterval: time.Duration(min(interval, math.MaxInt64)),
	})
	if err != nil {
		return segmentLayout{}, err
	}
	return lay, lay.checkPlaces(size, u64)
}

// checkPlaces tests the offsets that a header and its peer table state, read by u64
// from a copy of the header, against those that follow from its sizes.
func (l *segmentLayout) checkPlaces(size uint64, u64 func(int) uint64) error {
	const of = "segment header"
	for _, place := range []struct {
		field string
		got   uint64
		want  uint64
	}{
		{"peer_table_offset", u64(layout.OffHeaderPeerTableOffset), l.PeerTable},
		{"slot_region_offset", u64(layout.OffHeaderSlotRegionOffset), l.SlotRegion},
		{"total_size", u64(layout.OffHeaderTotalSize), l.Total},
	} {
		if place.got != place.want {
			return &BoundError{of, place.field, place.got, boundIs(place.want)}
		}
	}
	if l.Total > size {
		return &BoundError{of, "total_size", l.Total, "must be at most the size of the file, which is " + decimal(size)}
	}
	if current := u64(layout.OffHeaderCurrentSize); current > size {
		return &BoundError{of, "current_size", current, "must be at most the size of the file, which is " + decimal(size)}
	}
	return nil
}

// checkEntry tests the offsets in the entry of guest id, whose memory the caller is
// about to use, against the layout.
func (s *segment) checkEntry(id uint32) error {
	entry := s.lay.peerEntry(id)
	for _, place := range []struct {
		field string
		off   uint64
		want  uint64
	}{
		{"ring_offset", layout.OffPeerRingOffset, s.lay.ringOffset(id)},
		{"slot_pool_offset", layout.OffPeerSlotPoolOffset, s.lay.pool(id)},
		{"channel_table_offset", layout.OffPeerChannelTableOffset, s.lay.channelTable(id)},
	} {
		if got := atomic.LoadUint64(s.u64(entry + place.off)); got != place.want {
			return &BoundError{"peer entry " + decimal(uint64(id)), place.field, got, boundIs(place.want)}
		}
	}
	return nil
}

func boundIs(want uint64) string { return "must be " + decimal(want) + " for the sizes in the header" }

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
