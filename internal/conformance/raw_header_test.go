package conformance

import (
	"encoding/binary"
	"os/exec"
	"testing"

	"github.com/roam-rpc/roam-go/internal/hosttest"
	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/internal/segmenttest"
)

// badField is one field of a segment with a value that it may not have.
type badField struct {
	offset uint64
	size   int
	value  uint64
	said   []string
}

// entry1 is where the first peer entry lies.
const entry1 = layout.SizeHeader

var badFields = map[string]badField{
	"magic":                    {layout.OffHeaderMagic, 1, 'X', []string{"magic"}},
	"version 2":                {layout.OffHeaderVersion, 4, 2, []string{"version", "2", "1"}},
	"version 0":                {layout.OffHeaderVersion, 4, 0, []string{"version", "0", "1"}},
	"header_size":              {layout.OffHeaderHeaderSize, 4, 64, []string{"header_size", "64", "128"}},
	"max_guests 0":             {layout.OffHeaderMaxGuests, 4, 0, []string{"max_guests", "0", "255"}},
	"max_guests 256":           {layout.OffHeaderMaxGuests, 4, 256, []string{"max_guests", "256", "255"}},
	"ring_size 0":              {layout.OffHeaderRingSize, 4, 0, []string{"ring_size", "0"}},
	"ring_size 1":              {layout.OffHeaderRingSize, 4, 1, []string{"ring_size", "1"}},
	"ring_size 3":              {layout.OffHeaderRingSize, 4, 3, []string{"ring_size", "3"}},
	"slot_size 0":              {layout.OffHeaderSlotSize, 4, 0, []string{"slot_size", "0"}},
	"slot_size 12":             {layout.OffHeaderSlotSize, 4, 12, []string{"slot_size", "12"}},
	"slots_per_guest":          {layout.OffHeaderSlotsPerGuest, 4, 0, []string{"slots_per_guest", "0"}},
	"max_payload_size":         {layout.OffHeaderMaxPayloadSize, 4, 4101, []string{"max_payload_size", "4101"}},
	"initial_credit":           {layout.OffHeaderInitialCredit, 4, 1 << 31, []string{"initial_credit", "2147483648", "2147483647"}},
	"peer_table_offset":        {layout.OffHeaderPeerTableOffset, 8, 192, []string{"peer_table_offset", "192", "128"}},
	"slot_region_offset":       {layout.OffHeaderSlotRegionOffset, 8, 1 << 40, []string{"slot_region_offset", "1099511627776"}},
	"total_size":               {layout.OffHeaderTotalSize, 8, 1 << 40, []string{"total_size", "1099511627776"}},
	"current_size":             {layout.OffHeaderCurrentSize, 8, 1 << 40, []string{"current_size", "1099511627776"}},
	"sizes beyond all memory":  {layout.OffHeaderSlotsPerGuest, 4, 1<<32 - 1, []string{"_"}},
	"ring beyond the file":     {layout.OffHeaderRingSize, 4, 1 << 31, []string{"total_size"}},
	"channels beyond the file": {layout.OffHeaderMaxChannels, 4, 1<<32 - 1, []string{"total_size"}},
	"var_slot_pool_offset":     {layout.OffHeaderVarSlotPoolOffset, 8, 256, []string{"var_class_count"}},
	"ring_offset":              {entry1 + layout.OffPeerRingOffset, 8, 1 << 40, []string{"peer entry 1", "ring_offset", "1099511627776"}},
	"slot_pool_offset":         {entry1 + layout.OffPeerSlotPoolOffset, 8, 0, []string{"peer entry 1", "slot_pool_offset"}},
	"channel_table_offset":     {entry1 + layout.OffPeerChannelTableOffset, 8, 1<<64 - 64, []string{"peer entry 1", "channel_table_offset"}},
}

func init() {
	for name, bad := range badFields {
		register(map[string]rawCase{"header: " + name: {attach: func(t *testing.T, guest []string) {
			h := hosttest.New(t, hosttest.Config{})
			g := spawnWith(h, func(ticket []string) *exec.Cmd { return waitFirst(guest, ticket) })
			var value [8]byte
			binary.LittleEndian.PutUint64(value[:], bad.value)
			kept := append([]byte(nil), h.Mem[:layout.SizeHeader+layout.SizePeer]...)
			copy(h.Mem[bad.offset:], value[:bad.size])
			g.Go()
			g.RequireFailure(bad.said...)
			copy(h.Mem, kept)
			requireUntouched(t, g, hosttest.Word{State: layout.StateReserved, Epoch: 1})
		}}})
	}
	for name, size := range map[string]int{"empty": 0, "one byte": 1, "half a header": 64, "a byte less than a header": 127,
		"a header": 128, "a header and a byte": 129, "half": -2, "all but a byte": -1} {
		register(map[string]rawCase{"file cut: " + name: {attach: func(t *testing.T, guest []string) {
			h := hosttest.NewAt(t, hosttest.Config{})
			length := size // not size: the other guests' run at the same time
			if size < 0 {
				length = (len(h.Mem) - 1) / -size
			}
			hosttest.Start(t, hosttest.Command(guest, "-attach", h.Copy(length))).RequireFailure("segment")
		}}})
	}
	register(map[string]rawCase{
		"pool of slots of any size, with its classes": {attach: func(t *testing.T, guest []string) {
			h := hosttest.NewAt(t, hosttest.Config{})
			*h.U64(layout.OffHeaderVarSlotPoolOffset) = 320
			*h.U32(layout.OffHeaderVarClassCount) = 2
			hosttest.Start(t, hosttest.Command(guest, "-attach", h.Path())).RequireFailure("var_slot_pool_offset", "320")
		}},
		"entry of another guest that lies elsewhere": {attach: func(t *testing.T, guest []string) {
			h := hosttest.New(t, hosttest.Config{})
			*h.U64(segmenttest.Entry(2) + layout.OffPeerRingOffset) = 0
			h.Channels = channelsOf
			leaves(t, h.Spawn(append(guest, "-ticket")...)) // it is not this guest's business
		}},
		"smallest segment": {attach: func(t *testing.T, guest []string) {
			h := hosttest.New(t, hosttest.Config{MaxGuests: 1, RingSize: 2, SlotSize: 64, SlotsPerGuest: 1, MaxPayload: 60,
				MaxChannels: 1, InitialCredit: 1})
			h.Channels = channelsOf
			leaves(t, h.Spawn(append(guest, "-ticket")...))
		}},
		"255 guests": {attach: func(t *testing.T, guest []string) {
			h := hosttest.NewAt(t, hosttest.Config{MaxGuests: 255, SlotSize: 64, MaxPayload: 60, RingSize: 2})
			h.Channels = channelsOf
			for id := uint32(1); id < 255; id++ {
				h.SetWord(id, hosttest.Word{State: layout.StateAttached, Epoch: 1})
			}
			leaves(t, h.WalkUp(255, append(guest, "-attach")...))
		}},
	})
}
