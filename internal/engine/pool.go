//go:build linux

package engine

import (
	"math"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// Slot is a slot that was taken, with the generation that its descriptor carries.
type Slot struct {
	Index, Generation uint32
}

// NoneTaken stands for no slot.
var NoneTaken = Slot{Index: layout.InlineSlot}

// Pool is a fixed slot pool: a bitmap with 1 for a free slot, then the slots. Every
// method may be called at once with every other, here and in other processes.
type Pool struct {
	base     unsafe.Pointer
	slots    unsafe.Pointer
	slotSize uint64
	count    uint32
	words    uint32
}

// NewPool is the pool of count slots at base, whose first slot lies header bytes
// further. All of it is mapped.
func NewPool(base unsafe.Pointer, header uint64, slotSize, count uint32) Pool {
	return Pool{base: base, slots: unsafe.Add(base, header), slotSize: uint64(slotSize), count: count,
		words: uint32((uint64(count) + 63) / 64)}
}

// Slots is the number of slots.
func (p *Pool) Slots() uint32 { return p.count }

// Words is the number of bitmap words.
func (p *Pool) Words() uint32 { return p.words }

// word is bitmap word w < words, aligned to 8 bytes by the layout.
func (p *Pool) word(w uint32) *uint64 { return (*uint64)(unsafe.Add(p.base, uint64(w)*8)) }

// mask has a bit for each slot of word w: whatever a peer writes past the last slot
// is not a slot.
func (p *Pool) mask(w uint32) uint64 {
	if left := uint64(p.count) - uint64(w)*64; left < 64 {
		return 1<<left - 1
	}
	return math.MaxUint64
}

// FreeBits are the free slots of word w.
func (p *Pool) FreeBits(w uint32) uint64 { return atomic.LoadUint64(p.word(w)) & p.mask(w) }

// OutBits are the slots of word w that are taken.
func (p *Pool) OutBits(w uint32) uint64 { return ^atomic.LoadUint64(p.word(w)) & p.mask(w) }

// Free counts the free slots at a moment near now.
func (p *Pool) Free() uint32 {
	var free int
	for w := range p.words {
		free += bits.OnesCount64(p.FreeBits(w))
	}
	return uint32(free)
}

// Take takes the lowest free slot, whose lines are the likeliest to be cached.
func (p *Pool) Take() (Slot, bool) {
	w, taken := p.takeSome(1, 0, 0)
	if taken == 0 {
		return NoneTaken, false
	}
	return p.use(w*64 + uint32(bits.TrailingZeros64(taken))), true
}

// takeSome takes the lowest free slots of one bitmap word, most at most; none when no
// slot is free. From the lowest, since slots that were used of late are the likeliest to be
// cached; but not those of word v that were taken last, if others are free. Of these some
// are still with the receiver when the next are taken: two batches that take turns come in
// an order that repeats itself, which the receiver counts on. The CAS makes them the
// taker's (acquire: whoever returned them has done reading).
func (p *Pool) takeSome(most, v uint32, last uint64) (w uint32, taken uint64) {
	for w := range p.words {
		word := p.word(w)
		for {
			old := atomic.LoadUint64(word)
			free := old & p.mask(w)
			if free == 0 {
				break
			}
			if others := free &^ last; w == v && others != 0 {
				free = others
			}
			taken := lowest(free, most)
			if atomic.CompareAndSwapUint64(word, old, old&^taken) {
				return w, taken
			}
		}
	}
	return 0, 0
}

// lowest are the lowest n bits of those that are set, or all.
func lowest(set uint64, n uint32) uint64 {
	rest := set
	for range n {
		rest &= rest - 1
	}
	return set &^ rest
}

// use raises the generation of slot index, which the caller has taken: nobody else does.
// A plain store, which does not wait for the line; the head that publishes the message
// carries it to the receiver.
func (p *Pool) use(index uint32) Slot {
	word := p.generation(index)
	generation := atomic.LoadUint32(word) + 1
	*word = generation
	return Slot{Index: index, Generation: generation}
}

// Return makes slot index < Slots free again and reports whether it was out. The OR
// is at least a release: this side has done reading before the next taker writes.
func (p *Pool) Return(index uint32) bool {
	bit := uint64(1) << (index % 64)
	return atomic.OrUint64(p.word(index/64), bit)&bit == 0
}

// returnSome makes slots of word w free that were taken and sent to nobody.
func (p *Pool) returnSome(w uint32, taken uint64) { atomic.OrUint64(p.word(w), taken) }

// generation is the first word of slot index < Slots; slots are aligned to 8 bytes.
func (p *Pool) generation(index uint32) *uint32 {
	return (*uint32)(unsafe.Add(p.slots, uint64(index)*p.slotSize))
}

// out reports whether slot index < Slots is taken and has this generation.
func (p *Pool) out(index, generation uint32) bool {
	return atomic.LoadUint64(p.word(index/64))&(1<<(index%64)) == 0 &&
		atomic.LoadUint32(p.generation(index)) == generation
}
