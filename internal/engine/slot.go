//go:build linux

package engine

import (
	"encoding/binary"
	"unsafe"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// capacity is the payload bytes of a slot.
func (p *Pool) capacity() uint64 { return p.slotSize - layout.GenerationSize }

// payload are n bytes at off of the payload area of slot index < Slots. The caller
// has checked off + n against the capacity, so that they lie inside the mapping.
func (p *Pool) payload(index, off, n uint32) []byte {
	at := uint64(index)*p.slotSize + layout.GenerationSize + uint64(off)
	return unsafe.Slice((*byte)(unsafe.Add(p.slots, at)), n)
}

// The segment is little-endian, as are the machines that map it.

func put32(b []byte, v uint32) { binary.LittleEndian.PutUint32(b, v) }
func put64(b []byte, v uint64) { binary.LittleEndian.PutUint64(b, v) }
