package hosttest

import (
	"encoding/binary"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// Desc is a descriptor, as it lies in a ring.
type Desc struct {
	Type, Flags                   uint8
	Reserved                      uint16
	ID                            uint32
	Method                        uint64
	Slot, Generation, Offset, Len uint32
	Inline                        [layout.InlineMax]byte
}

func (d *Desc) bytes() (b [layout.SizeDesc]byte) {
	le := binary.LittleEndian
	b[layout.OffDescMsgType], b[layout.OffDescFlags] = d.Type, d.Flags
	le.PutUint16(b[layout.OffDescFlags+1:], d.Reserved)
	le.PutUint32(b[layout.OffDescID:], d.ID)
	le.PutUint64(b[layout.OffDescMethodID:], d.Method)
	le.PutUint32(b[layout.OffDescPayloadSlot:], d.Slot)
	le.PutUint32(b[layout.OffDescPayloadGeneration:], d.Generation)
	le.PutUint32(b[layout.OffDescPayloadOffset:], d.Offset)
	le.PutUint32(b[layout.OffDescPayloadLen:], d.Len)
	copy(b[layout.OffDescInlinePayload:], d.Inline[:])
	return b
}

func descOf(b []byte) (d Desc) {
	le := binary.LittleEndian
	d.Type, d.Flags = b[layout.OffDescMsgType], b[layout.OffDescFlags]
	d.Reserved = le.Uint16(b[layout.OffDescFlags+1:])
	d.ID = le.Uint32(b[layout.OffDescID:])
	d.Method = le.Uint64(b[layout.OffDescMethodID:])
	d.Slot = le.Uint32(b[layout.OffDescPayloadSlot:])
	d.Generation = le.Uint32(b[layout.OffDescPayloadGeneration:])
	d.Offset = le.Uint32(b[layout.OffDescPayloadOffset:])
	d.Len = le.Uint32(b[layout.OffDescPayloadLen:])
	copy(d.Inline[:], b[layout.OffDescInlinePayload:])
	return d
}
