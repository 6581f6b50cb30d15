//go:build gc && !race && !go1.27

package sched

import (
	"sync/atomic"
	"unsafe"
)

// Sleep returns once Wake was called since it last returned. Traces of goroutines show it as
// sync.Cond.Wait, which is what it is to testing/synctest as well: durable.
//
// The runtime keeps the two names for packages that use them so (its issue 67401). With the
// race detector, which does not see what is done between two goroutines, it is a channel.
func (s *Sleeper) Sleep() {
	if s.word.Load() == woken { // which only this goroutine changes
		s.word.Store(nobody)
		return
	}
	gopark(fallsAsleep, &s.word, condWait, 0, 0)
}

// fallsAsleep is called by the runtime once gp sleeps, on a stack of the runtime's. false: it
// is to go on, and nobody will make it ready.
//
//go:nosplit
func fallsAsleep(gp unsafe.Pointer, word *atomic.Uintptr) bool {
	if word.CompareAndSwap(nobody, uintptr(gp)) {
		return true
	}
	word.Store(nobody) // it was woken
	return false
}

// ready has a goroutine go on that fell asleep. Goroutines lie where they do for good, and
// are not collected.
func ready(gp uintptr) { goready(gp, 0) }

// condWait is the runtime's reason of the name, the same in each release tried.
const condWait = 21

//go:linkname gopark runtime.gopark
func gopark(falls func(unsafe.Pointer, *atomic.Uintptr) bool, word *atomic.Uintptr, reason, trace uint8, skip int)

//go:linkname goready runtime.goready
func goready(gp uintptr, skip int)
