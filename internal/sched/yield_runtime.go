//go:build gc && !go1.27

package sched

import _ "unsafe" // for go:linkname

// Yield lets the goroutines run first that wait for the caller's P. runtime.Gosched has any
// P run the caller again, for which it wakes a thread while a P is idle: that thread takes a
// processor from one that polls, and often goes on with the caller there.
//
// It is not fair: goroutines in the runtime's global queue, as those that it preempted, run
// once in sixty-one yields, and one that yields every few milliseconds is not preempted for
// them.
//
// The runtime keeps the name for packages that use it so (its issue 67401). Releases of Go
// that it was not tried with have [runtime.Gosched] instead.
//
//go:linkname Yield runtime.goyield
func Yield()
