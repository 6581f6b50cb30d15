package shmring

import (
	"encoding/binary"
	"math"
	"strconv"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// magicWord is the magic as the little-endian word at offset 0, so that one store
// publishes the segment.
var magicWord = binary.LittleEndian.Uint64([]byte(layout.SegmentMagic))

// format fills a fresh segment with its header and clean entries. The magic is not
// written: see publish.
func (s *segment) format() {
	s.writeHeader()
	s.freePool(0)
	for id := uint32(1); id <= s.lay.MaxGuests; id++ {
		s.cleanEntry(id)
	}
}

// writeHeader writes the header but for the magic. On a live segment all bytes stay
// the same, unless a guest has changed one.
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
	le.PutUint32(s.mem[layout.OffHeaderHostGoodbye:], 0)
	le.PutUint64(s.mem[layout.OffHeaderHeartbeatInterval:], uint64(l.HeartbeatInterval))
	le.PutUint64(s.mem[layout.OffHeaderVarSlotPoolOffset:], 0)
	le.PutUint64(s.mem[layout.OffHeaderCurrentSize:], l.Total)
	le.PutUint32(s.mem[layout.OffHeaderFeatures:], layout.FeatureWaiterFlags)
}

// publish stores the magic. A guest that reads it (acquire) sees all that
// format wrote: a Go atomic store is at least a release.
func (s *segment) publish() {
	atomic.StoreUint64(s.u64(layout.OffHeaderMagic), magicWord)
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
