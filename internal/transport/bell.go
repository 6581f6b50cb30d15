package transport

import "sync/atomic"

// Bell breaks the Nap of one goroutine. The sleeper notes the rings so far with See,
// looks at what it waits for, and naps; whoever changes something rings.
type Bell struct {
	word uint32 // counts rings; accessed atomically, slept on
	seen uint32 // of the sleeper
	// Wake adds 1 to the word and wakes its sleeper. Set before use where naps are
	// supported.
	Wake func(word *uint32)
}

// See notes the rings so far: a Nap after it returns at once if more came.
func (b *Bell) See() { b.seen = atomic.LoadUint32(&b.word) }

// Seen is the count that See noted.
func (b *Bell) Seen() uint32 { return b.seen }

// Word is what the sleeper sleeps on.
func (b *Bell) Word() *uint32 { return &b.word }

// Ring makes the current or next Nap return.
func (b *Bell) Ring() {
	if b.Wake != nil {
		b.Wake(&b.word)
		return
	}
	atomic.AddUint32(&b.word, 1)
}
