package shmring

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// smallSegment is a written segment in process memory.
func smallSegment(t *testing.T) *segment {
	lay, err := Config{MaxGuests: 3, RingSize: 4, SlotSize: 64, SlotsPerGuest: 70, MaxChannels: 8}.withDefaults().layout()
	require.NoError(t, err)
	seg := &segment{mem: make([]byte, lay.Total), lay: lay}
	seg.format()
	return seg
}

func TestHeaderReadsBackAsWritten(t *testing.T) {
	seg := smallSegment(t)
	_, err := parseHeader(seg.mem, uint64(len(seg.mem)))
	require.Error(t, err, "no magic yet")
	seg.publish()
	assert.Equal(t, "RAPAHUB\x01", string(seg.mem[:8]))
	lay, err := parseHeader(seg.mem, uint64(len(seg.mem)))
	require.NoError(t, err)
	assert.Equal(t, seg.lay, lay)
	for id := uint32(1); id <= 3; id++ {
		assert.NoError(t, seg.checkEntry(id))
		assert.EqualValues(t, 1|1<<9, *seg.peerU32(id, layout.OffPeerHostFlags))
	}
	assert.EqualValues(t, uint64(math.MaxUint64), *seg.u64(lay.pool(1)))
	assert.EqualValues(t, 1<<6-1, *seg.u64(lay.pool(1) + 8), "bits past the last slot stay 0")
	assert.Zero(t, *seg.u64(lay.pool(1) + 16))
}

func TestHeaderOutsideABoundIsRefused(t *testing.T) {
	for field, change := range map[string]func(s *segment){
		"magic":              func(s *segment) { s.mem[0] ^= 1 },
		"version":            func(s *segment) { *s.u32(layout.OffHeaderVersion) = 2 },
		"header_size":        func(s *segment) { *s.u32(layout.OffHeaderHeaderSize) = 64 },
		"max_guests":         func(s *segment) { *s.u32(layout.OffHeaderMaxGuests) = 0 },
		"ring_size":          func(s *segment) { *s.u32(layout.OffHeaderRingSize) = 3 },
		"slot_size":          func(s *segment) { *s.u32(layout.OffHeaderSlotSize) = 0 },
		"slots_per_guest":    func(s *segment) { *s.u32(layout.OffHeaderSlotsPerGuest) = 0 },
		"max_payload_size":   func(s *segment) { *s.u32(layout.OffHeaderMaxPayloadSize) = 61 },
		"initial_credit":     func(s *segment) { *s.u32(layout.OffHeaderInitialCredit) = math.MaxUint32 },
		"peer_table_offset":  func(s *segment) { *s.u64(layout.OffHeaderPeerTableOffset) = 192 },
		"slot_region_offset": func(s *segment) { *s.u64(layout.OffHeaderSlotRegionOffset) += 64 },
		"total_size":         func(s *segment) { *s.u64(layout.OffHeaderTotalSize)++ },
		"current_size":       func(s *segment) { *s.u64(layout.OffHeaderCurrentSize)++ },
		"var_class_count":    func(s *segment) { *s.u64(layout.OffHeaderVarSlotPoolOffset) = 320 },
		"var_slot_pool_offset": func(s *segment) {
			*s.u64(layout.OffHeaderVarSlotPoolOffset) = 320
			*s.u32(layout.OffHeaderVarClassCount) = 2
		},
	} {
		seg := smallSegment(t)
		seg.publish()
		change(seg)
		_, err := parseHeader(seg.mem, uint64(len(seg.mem)))
		var bound *BoundError
		require.ErrorAs(t, err, &bound, field)
		assert.Equal(t, field, bound.Field)
	}
}

func TestTruncatedSegmentIsRefused(t *testing.T) {
	seg := smallSegment(t)
	seg.publish()
	for _, size := range []int{0, 1, 127, 128, 129, len(seg.mem) - 1} {
		_, err := parseHeader(seg.mem[:size], uint64(size))
		assert.Error(t, err, size)
	}
}

func TestPeerEntryWithForeignOffsetsIsRefused(t *testing.T) {
	for _, off := range []uint64{layout.OffPeerRingOffset, layout.OffPeerSlotPoolOffset, layout.OffPeerChannelTableOffset} {
		seg := smallSegment(t)
		*seg.u64(seg.lay.peerEntry(2) + off) += 64
		assert.Error(t, seg.checkEntry(2))
		assert.NoError(t, seg.checkEntry(1))
	}
}
