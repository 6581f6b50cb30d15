package shmring

import (
	"fmt"

	"github.com/roam-rpc/roam-go/internal/engine"
)

// faultOf words what status found. r is the message's descriptor as it was read.
func (l *Link) faultOf(status engine.Status, r *engine.Record) *Fault {
	lay := &l.seg.lay
	switch status {
	case engine.BadType:
		return fault("message.unknown-variant", "msg_type is %d, must be 1 to 7", r.Type)
	case engine.BadInline:
		return fault("shm.desc.inline-fields", "inline payload with payload_len %d (at most 32), payload_generation %d and payload_offset %d (both 0)",
			r.Length, r.Generation, r.Offset)
	case engine.BadSlot:
		return fault("shm.slot.generation", "slot %d of %d with generation %d is not out", r.Slot, lay.SlotsPerGuest, r.Generation)
	case engine.BadExtent:
		return fault("shm.slot.payload-offset", "payload_offset %d + payload_len %d is over the %d bytes of a slot",
			r.Offset, r.Length, lay.SlotSize-generationBytes)
	case engine.ZeroID:
		return fault("channeling.id.zero-reserved", "message of type %d for channel id 0", r.Type)
	case engine.BadChannel:
		return fault("shm.flow.channel-table-indexing", "channel id %d, max_channels is %d", r.ID, lay.MaxChannels)
	default:
		return fault("shm.ring.capacity", "head and tail are further apart than the %d descriptors that a ring of %d holds",
			lay.RingSize-1, lay.RingSize)
	}
}

func fault(rule, format string, args ...any) *Fault {
	return &Fault{Rule: rule, Detail: fmt.Sprintf(format, args...)}
}
