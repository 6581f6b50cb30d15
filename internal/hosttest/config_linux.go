package hosttest

import (
	"encoding/binary"
	"time"

	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/internal/segmenttest"
)

// Config is what a segment's header says. A field that is 0 gets a value that suits
// most tests.
type Config struct {
	MaxPayload    uint32
	InitialCredit uint32
	MaxGuests     uint32
	RingSize      uint32
	SlotSize      uint32
	SlotsPerGuest uint32
	MaxChannels   uint32
	Heartbeat     time.Duration

	// Foreign has a host of another implementation: it keeps neither flags nor table.
	Foreign bool
	// Start is where the indices of the rings and the generations of the slots begin.
	Start uint32
}

func (c Config) withDefaults() Config {
	for field, value := range map[*uint32]uint32{
		&c.InitialCredit: 4096, &c.MaxGuests: 2, &c.RingSize: 16, &c.SlotsPerGuest: 4, &c.MaxChannels: 16,
		// Slots hold a little more than the largest payload, so that it can be exceeded.
		&c.SlotSize: 4096 + 8, &c.MaxPayload: 4096,
	} {
		if *field == 0 {
			*field = value
		}
	}
	return c
}

// places are where the regions of a segment lie, bytes from its start.
type places struct {
	slotRegion, poolHeader, poolSize uint64
	guestAreas, guestArea, rings     uint64
	total                            uint64
}

func (c Config) places() (p places) {
	slots := uint64(c.SlotsPerGuest)
	p.slotRegion = align64(layout.SizeHeader + layout.SizePeer*uint64(c.MaxGuests))
	p.poolHeader = align64(8 * ((slots + 63) / 64))
	p.poolSize = p.poolHeader + slots*uint64(c.SlotSize)
	p.guestAreas = align64(p.slotRegion + uint64(c.MaxGuests+1)*p.poolSize)
	p.rings = align64(2 * layout.SizeDesc * uint64(c.RingSize))
	p.guestArea = p.rings + align64(layout.SizeChannel*uint64(c.MaxChannels))
	p.total = p.guestAreas + uint64(c.MaxGuests)*p.guestArea
	return p
}

func align64(n uint64) uint64 { return (n + 63) &^ 63 }

// format fills an empty segment but for the magic.
func (h *Host) format() {
	c, p, le := h.Config, h.places, binary.LittleEndian
	for offset, value := range map[int]uint32{
		layout.OffHeaderVersion: layout.Version, layout.OffHeaderHeaderSize: layout.SizeHeader,
		layout.OffHeaderMaxPayloadSize: c.MaxPayload, layout.OffHeaderInitialCredit: c.InitialCredit,
		layout.OffHeaderMaxGuests: c.MaxGuests, layout.OffHeaderRingSize: c.RingSize,
		layout.OffHeaderSlotSize: c.SlotSize, layout.OffHeaderSlotsPerGuest: c.SlotsPerGuest,
		layout.OffHeaderMaxChannels: c.MaxChannels,
	} {
		le.PutUint32(h.Mem[offset:], value)
	}
	for offset, value := range map[int]uint64{
		layout.OffHeaderTotalSize: p.total, layout.OffHeaderCurrentSize: p.total,
		layout.OffHeaderPeerTableOffset: layout.SizeHeader, layout.OffHeaderSlotRegionOffset: p.slotRegion,
		layout.OffHeaderHeartbeatInterval: uint64(c.Heartbeat),
	} {
		le.PutUint64(h.Mem[offset:], value)
	}
	if !c.Foreign {
		le.PutUint32(h.Mem[layout.OffHeaderFeatures:], layout.FeatureWaiterFlags)
	}
	for id := range c.MaxGuests + 1 {
		h.fillPool(id)
	}
	for id := uint32(1); id <= c.MaxGuests; id++ {
		h.formatEntry(id)
	}
	h.Segment.Start(c.Start)
}

// fillPool marks all slots of a pool free.
func (h *Host) fillPool(id uint32) {
	pool, _ := h.Pool(id)
	for slot := range uint64(h.SlotsPerGuest) {
		*h.U64(pool + 8*(slot/64)) |= 1 << (slot % 64)
	}
}

// formatEntry writes where a guest's memory lies, and the host's flags.
func (h *Host) formatEntry(id uint32) {
	entry, p := segmenttest.Entry(id), h.places
	*h.U64(entry + layout.OffPeerRingOffset) = p.guestAreas + uint64(id-1)*p.guestArea
	*h.U64(entry + layout.OffPeerSlotPoolOffset) = p.slotRegion + uint64(id)*p.poolSize
	*h.U64(entry + layout.OffPeerChannelTableOffset) = p.guestAreas + uint64(id-1)*p.guestArea + p.rings
	if !h.Foreign {
		*h.U32(entry + layout.OffPeerHostFlags) = layout.FlagKeeps | layout.FlagTable
	}
}
