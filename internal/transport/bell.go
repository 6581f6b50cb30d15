package transport

import "sync/atomic"

// Bell breaks the Nap of one goroutine. The sleeper notes Seen, looks at what it
// waits for, and naps; whoever changes something rings.
type Bell struct {
	word atomic.Uint32
	seen uint32
	// Wake wakes a sleeper on the word; set by the transport that supports Nap.
	Wake func(word *atomic.Uint32)
}

// See notes the rings so far: a Nap after it returns at once if more came.
func (b *Bell) See() { b.seen = b.word.Load() }

// Seen is the count that See noted.
func (b *Bell) Seen() uint32 { return b.seen }

// Word is what a sleeper waits on.
func (b *Bell) Word() *atomic.Uint32 { return &b.word }

// Ring makes the current or next Nap return.
func (b *Bell) Ring() {
	b.word.Add(1)
	if b.Wake != nil {
		b.Wake(&b.word)
	}
}
