//go:build linux

package engine

import (
	"math/bits"
	"unsafe"
)

// mostSpares is how many slots are taken at once from a pool that has plenty.
const mostSpares = 8

// Spares are slots of a pool that were taken, several at once, and are not used yet. A
// taker that goes to the bitmap for each message takes its line from the receiver, who
// returns slots in it all the time. One goroutine at a time has them.
type Spares struct {
	pool *Pool
	word uint32 // of the bitmap; they are slots of one word
	bits uint64
	last uint64 // those that were taken last, used or not
}

// NewSpares are none so far.
func NewSpares(p *Pool) Spares { return Spares{pool: p} }

// Len is how many they are.
func (s *Spares) Len() uint32 { return uint32(bits.OnesCount64(s.bits)) }

// None says that there is none.
func (s *Spares) None() bool { return s.bits == 0 }

// In are those of word w, as bits.
func (s *Spares) In(w uint32) uint64 {
	if w != s.word {
		return 0
	}
	return s.bits
}

// Take uses the lowest; without any it takes some from the pool first.
func (s *Spares) Take() (Slot, bool) {
	if s.bits == 0 && !s.take() {
		return NoneTaken, false
	}
	index := s.next()
	s.bits &= s.bits - 1
	s.ownNext()
	return s.pool.use(index), true
}

// largeFrom is from how many bytes on a message takes a slot of its own from the pool. The
// lowest that is free has been used of late, and what is copied through it stays in the
// caches; to take it costs little beside.
const largeFrom = 16 << 10

// TakeFor is Take for a message of n bytes. It leaves the spares to small ones, unless they
// are all that is left; took says that the slot is one of the pool's.
func (s *Spares) TakeFor(n int) (slot Slot, took, ok bool) {
	if n >= largeFrom {
		if slot, ok = s.pool.Take(); ok {
			return slot, true, true
		}
	}
	slot, ok = s.Take()
	return slot, false, ok
}

// Ahead takes some from the pool if there is none, so that the next Take need not wait for
// its line. Of a pool of less than 16 slots it takes none.
func (s *Spares) Ahead() {
	if s.bits == 0 && s.most() > 1 && s.take() {
		s.ownNext()
	}
}

// most is an eighth of the pool at most: for others it looks full that much earlier.
func (s *Spares) most() uint32 { return min(mostSpares, max(1, s.pool.count/8)) }

// take takes some from the pool; false when no slot is free.
func (s *Spares) take() bool {
	s.word, s.bits = s.pool.takeSome(s.most(), s.word, s.last)
	if s.most() > 1 {
		s.last = s.bits
	}
	return s.bits != 0
}

// ownNext has the line fetched that the next message writes to.
func (s *Spares) ownNext() {
	if s.bits != 0 {
		ownLine(unsafe.Pointer(s.pool.generation(s.next())))
	}
}

// next is the lowest; there is one.
func (s *Spares) next() uint32 { return s.word*64 + uint32(bits.TrailingZeros64(s.bits)) }

// GiveBack makes them free again.
func (s *Spares) GiveBack() {
	if s.bits != 0 {
		s.pool.returnSome(s.word, s.bits)
		s.bits = 0
	}
	s.last = 0
}
