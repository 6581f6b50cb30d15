//go:build !gc || race || go1.27

package sched

// Sleep returns once Wake was called since it last returned.
func (s *Sleeper) Sleep() { s.SleepUnless(nil, nil) }

func ready(uintptr) { panic("sched: a goroutine that sleeps without a channel") }
