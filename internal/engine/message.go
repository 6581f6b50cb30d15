package engine

// Header is what a message says about itself beside its payload.
type Header struct {
	Type   uint8
	ID     uint32
	Method uint64
}

// Record is a received message, copied out of the ring and checked. When Receive
// reports a fault, it is the descriptor that broke the rule, as it was read. The
// fields lie as in struct roam_message.
type Record struct {
	Method     uint64
	ID         uint32
	Seq        uint32 // index of the incoming ring just after this message
	At, Length uint32 // place of the payload in the arena, bytes
	Slot       uint32 // payload_slot, InlineSlot when inline
	Generation uint32
	Offset     uint32 // payload_offset
	Type       uint8
}

// Status is the outcome of a step.
type Status uint8

// The outcomes, with the values of enum roam_status. From BadType on the peer broke a
// rule.
const (
	OK         Status = iota
	NoSpace           // the ring is full
	NoSlot            // no slot is free
	ArenaFull         // the next payload does not fit in what is left of the arena
	TooLong           // the payload is longer than a slot
	BadType           // unknown msg_type
	BadInline         // inline payload with length over 32, generation or offset
	BadSlot           // slot index or generation, or a slot that is not out
	BadExtent         // offset + length past the slot
	BadRing           // head and tail further apart than the ring
	ZeroID            // channel id 0
	BadChannel        // channel id at or over max_channels
)

// Fault reports whether the peer broke a rule.
func (s Status) Fault() bool { return s >= BadType }
