package hosttest

import (
	"math/bits"
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// slotWord is the word of a pool's bitmap that has the bit of a slot.
func (h *Host) slotWord(pool, slot uint32) (word *uint64, bit uint64) {
	base, _ := h.Pool(pool)
	return h.U64(base + 8*uint64(slot/64)), 1 << (slot % 64)
}

func (h *Host) slotFree(pool, slot uint32) bool {
	word, bit := h.slotWord(pool, slot)
	return atomic.LoadUint64(word)&bit != 0
}

func (h *Host) slot(pool, slot uint32) uint64 {
	base, header := h.Pool(pool)
	return base + header + uint64(slot)*uint64(h.SlotSize)
}

func (h *Host) generation(pool, slot uint32) *uint32 { return h.U32(h.slot(pool, slot)) }

// payload is a piece of the payload area of a slot.
func (h *Host) payload(pool, slot, offset, length uint32) []byte {
	at := h.slot(pool, slot) + layout.GenerationSize + uint64(offset)
	return h.Mem[at : at+uint64(length)]
}

// FreeSlots counts the free slots of a pool, 0 the host's.
func (h *Host) FreeSlots(pool uint32) (free int) {
	base, header := h.Pool(pool)
	for at := base; at < base+header; at += 8 {
		free += bits.OnesCount64(atomic.LoadUint64(h.U64(at)))
	}
	return free
}

// take takes a slot of a pool.
func (h *Host) takeSlot(pool uint32) (slot, generation uint32, ok bool) {
	for slot = range h.SlotsPerGuest {
		word, bit := h.slotWord(pool, slot)
		if atomic.AndUint64(word, ^bit)&bit != 0 {
			return slot, atomic.AddUint32(h.generation(pool, slot), 1), true
		}
	}
	return 0, 0, false
}

// TakeSlot takes a slot of the host's pool, waiting for one.
func (g *Guest) TakeSlot() (slot, generation uint32) {
	g.t.Helper()
	g.await("a slot", func() (ok bool) {
		slot, generation, ok = g.takeSlot(0)
		return ok
	})
	return slot, generation
}

// GiveSlots gives back all slots of the guest that the host holds.
func (g *Guest) GiveSlots() {
	base, _ := g.Pool(g.ID)
	for _, slot := range g.held {
		word, bit := g.slotWord(g.ID, slot)
		atomic.OrUint64(word, bit)
		g.wake(kindSlot, g.U32(base))
	}
	g.held = g.held[:0]
}

// SetSlot has a slot of the host's pool be out, with a generation.
func (g *Guest) SetSlot(slot, generation uint32) {
	word, bit := g.slotWord(0, slot)
	atomic.AndUint64(word, ^bit)
	atomic.StoreUint32(g.generation(0, slot), generation)
}

// FreeSlot marks a slot of the host's pool free.
func (g *Guest) FreeSlot(slot uint32) {
	word, bit := g.slotWord(0, slot)
	atomic.OrUint64(word, bit)
}
