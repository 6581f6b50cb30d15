package shmring

import (
	"time"

	"golang.org/x/sys/unix"
)

// vigil has the Go runtime's monitor watch over what follows on a sleep in its poller.
//
// That thread preempts goroutines that run for long, and polls for those whose threads are
// all busy. It sleeps while all Ps are idle, until the next timer, and is woken by any
// ordinary system call, but not when the poller wakes a goroutine. Once woken it looks every
// 20 us until the process is idle again: in a guest that is called now and then, and even
// more so where many guests share the processors, that takes as much time as all the rest.
// So the calls on a doorbell do not wake it. Instead it is woken once, with a timer behind
// which it does not sleep, and again when that is over: so much longer than usual may a
// goroutine run before it is preempted.
//
// It belongs to the goroutine that waits.
type vigil struct {
	until time.Time
	timer *time.Timer // a doorbell's own: it belongs to the clock under which it was made
}

const vigilTime = 100 * time.Millisecond

// keep is called after each sleep.
func (v *vigil) keep() {
	now := time.Now()
	if now.Before(v.until) {
		return
	}
	v.until = now.Add(vigilTime)
	// Armed before the monitor is woken, which looks for timers when it goes to sleep.
	if v.timer == nil {
		v.timer = time.AfterFunc(vigilTime, func() {})
	} else {
		v.timer.Reset(vigilTime)
	}
	_, _, _ = unix.Syscall(unix.SYS_GETTID, 0, 0, 0)
}
