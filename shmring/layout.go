package shmring

import (
	"math"
	"math/bits"
	"time"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// generationBytes is the generation word at the start of every slot.
const generationBytes = layout.GenerationSize

// segmentLayout is the sizes that a header states and where everything lies in
// consequence. All offsets are bytes from the start of the segment. It is private
// memory: nothing a peer writes changes it.
type segmentLayout struct {
	MaxPayload        uint32 // bytes
	InitialCredit     uint32 // bytes
	MaxGuests         uint32
	RingSize          uint32 // descriptors
	SlotSize          uint32 // bytes, generation word included
	SlotsPerGuest     uint32
	MaxChannels       uint32
	HeartbeatInterval time.Duration // 0 = off

	PeerTable  uint64
	SlotRegion uint64
	PoolHeader uint64 // bytes of a pool's bitmap, padded
	PoolSize   uint64 // bytes
	GuestAreas uint64
	GuestArea  uint64 // bytes of one guest's rings and channel table
	Total      uint64 // bytes
}

// computeLayout checks the sizes of l and fills in the offsets. of says in errors
// where the sizes come from. No sum overflows: a segment that this process cannot
// address is refused.
func computeLayout(of string, l segmentLayout) (segmentLayout, error) {
	if err := l.check(of); err != nil {
		return segmentLayout{}, err
	}
	slots := uint64(l.SlotsPerGuest)
	l.PeerTable = layout.SizeHeader
	l.SlotRegion = align64(l.PeerTable + layout.SizePeer*uint64(l.MaxGuests))
	l.PoolHeader = align64(8 * ((slots + 63) / 64))
	// (2^32-1)^2 + 2^29 is below 2^64.
	l.PoolSize = l.PoolHeader + slots*uint64(l.SlotSize)
	// At most 2^38 + 2^36.
	l.GuestArea = align64(2*layout.SizeDesc*uint64(l.RingSize)) + align64(layout.SizeChannel*uint64(l.MaxChannels))

	high, pools := bits.Mul64(l.PoolSize, uint64(l.MaxGuests)+1)
	areas := l.GuestArea * uint64(l.MaxGuests) // at most 255 * 2^39
	// Once pools is below 2^63 the sum is below 2^64.
	if high != 0 || pools > math.MaxInt || l.SlotRegion+pools+64+areas > math.MaxInt {
		return segmentLayout{}, &BoundError{of, "total_size", "the sum of all pools and guest areas",
			"must be within the address space: lower max_guests, slot_size, slots_per_guest, ring_size or max_channels"}
	}
	l.GuestAreas = align64(l.SlotRegion + pools)
	l.Total = l.GuestAreas + areas
	return l, nil
}

// check tests each size on its own against the bounds of the layout.
func (l *segmentLayout) check(of string) error {
	switch {
	case l.MaxGuests < 1 || l.MaxGuests > layout.MaxGuests:
		return &BoundError{of, "max_guests", l.MaxGuests, "must be 1 to 255"}
	case l.RingSize < 2 || l.RingSize&(l.RingSize-1) != 0:
		return &BoundError{of, "ring_size", l.RingSize, "must be a power of two, at least 2"}
	case l.SlotSize < 8 || l.SlotSize%8 != 0:
		return &BoundError{of, "slot_size", l.SlotSize, "must be a multiple of 8, at least 8"}
	case l.SlotsPerGuest < 1:
		return &BoundError{of, "slots_per_guest", l.SlotsPerGuest, "must be at least 1"}
	case l.MaxPayload > l.SlotSize-generationBytes:
		return &BoundError{of, "max_payload_size", l.MaxPayload, "must be at most slot_size - 4"}
	case l.InitialCredit > layout.MaxCredit:
		return &BoundError{of, "initial_credit", l.InitialCredit, "must be at most 2147483647"}
	}
	return nil
}

// align64 rounds up to a multiple of 64.
func align64(n uint64) uint64 { return (n + 63) &^ 63 }

// peerEntry is the offset of the entry of guest id, 1 to MaxGuests.
func (l *segmentLayout) peerEntry(id uint32) uint64 {
	return l.PeerTable + layout.SizePeer*uint64(id-1)
}

// ringOffset is the offset of guest id's guest-to-host ring; the host-to-guest ring
// follows it.
func (l *segmentLayout) ringOffset(id uint32) uint64 {
	return l.GuestAreas + l.GuestArea*uint64(id-1)
}

// channelTable is the offset of the channel table of guest id.
func (l *segmentLayout) channelTable(id uint32) uint64 {
	return l.ringOffset(id) + align64(2*layout.SizeDesc*uint64(l.RingSize))
}

// pool is the offset of slot pool id: 0 the host's, else the guest's.
func (l *segmentLayout) pool(id uint32) uint64 {
	return l.SlotRegion + l.PoolSize*uint64(id)
}
