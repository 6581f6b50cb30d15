package sched

import (
	"sync/atomic"
	"time"
)

// Sleeper is where one goroutine sleeps until others wake it. Woken while it is awake, it does
// not sleep the next time; to wake it twice is to wake it once. The zero value is one that was
// not woken.
//
// It is what a channel of capacity 1 is to one receiver, at half of the cost: neither side
// takes a lock.
type Sleeper struct {
	word    atomic.Uintptr // one of those below, or the goroutine that sleeps
	channel chan struct{}  // for sleeps that may end otherwise; made at the first, by who sleeps
}

const (
	nobody    = iota // sleeps
	woken            // while nobody slept
	onChannel        // one sleeps
)

// Wake wakes who sleeps, or else is to sleep next. Any goroutine may call it at any time. What
// the caller stored before is ordered before it, and what it loads after.
func (s *Sleeper) Wake() {
	for {
		was := s.word.Load()
		now := uintptr(nobody)
		if was == nobody || was == woken {
			now = woken
		}
		if !s.word.CompareAndSwap(was, now) {
			continue
		}
		switch was {
		case nobody, woken:
		case onChannel:
			s.channel <- struct{}{}
		default:
			ready(was)
		}
		return
	}
}

// Reset has it forget that it was woken. It is for who sleeps, before it looks at what it may
// have been woken for: what was stored before a wake that is forgotten is seen then.
func (s *Sleeper) Reset() {
	if s.word.Load() == woken { // which only this goroutine changes
		s.word.Store(nobody)
	}
}

// SleepUnless is Sleep that ends as well when done is closed or tick sends; either may be nil.
// One goroutine at a time may be in one of the two.
func (s *Sleeper) SleepUnless(done <-chan struct{}, tick <-chan time.Time) {
	if s.channel == nil {
		s.channel = make(chan struct{}, 1)
	}
	if !s.word.CompareAndSwap(nobody, onChannel) {
		s.word.Store(nobody)
		return
	}
	if done == nil && tick == nil {
		<-s.channel // costs half of what a select does
		return
	}
	select {
	case <-s.channel:
		return
	case <-done:
	case <-tick:
	}
	if !s.word.CompareAndSwap(onChannel, nobody) {
		<-s.channel // it was woken meanwhile
	}
}
