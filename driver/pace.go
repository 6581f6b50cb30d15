package driver

import (
	"sync/atomic"
	"time"
)

// paces tell which methods' handlers return soon, by how long they took. Methods are told
// apart by the low bits of their ids, which are hashes; those that share them share a pace.
type paces [64]atomic.Int32

// briskTime is how long a brisk handler may take: about as long as it costs to change to
// another goroutine and to wake a thread for that.
const briskTime = 20 * time.Microsecond

// A method whose handler took longer once has to be brisk many times before it counts as
// brisk again.
const (
	briskAfter = 4
	notBrisk   = briskAfter - 64
)

// sampled is which of the handlers of brisk methods are timed: to read the clock twice
// costs as much as a short handler. It is odd, for methods that take turns.
const sampled = 17

func (p *paces) of(method uint64) *atomic.Int32 { return &p[method%uint64(len(p))] }

// brisk says whether the method's handler is expected to return soon.
func (p *paces) brisk(method uint64) bool { return p.of(method).Load() >= briskAfter }

// suits says whether the handler of s may run on the goroutine that has the duty. One with
// channels receives by itself when it waits for them: it need not return soon, as long as
// such handlers did not keep others waiting.
func (p *paces) suits(s *served) bool {
	if s.streams() {
		return p.of(s.request.Method).Load() >= 0
	}
	return p.brisk(s.request.Method)
}

// streamed notes a handler with channels that ran on a goroutine of its own.
func (p *paces) streamed(method uint64) {
	pace := p.of(method)
	if is := pace.Load(); is < 0 {
		pace.Store(is + 1)
	}
}

// took notes how long a handler took. It may be called by several goroutines at once; a note
// may be lost then.
func (p *paces) took(method uint64, d time.Duration) {
	pace := p.of(method)
	switch is := pace.Load(); {
	case d > briskTime:
		pace.Store(notBrisk)
	case is < briskAfter:
		pace.Store(is + 1)
	}
}
