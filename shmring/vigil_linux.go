package shmring

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// vigil has the Go runtime's monitor watch over what follows on a sleep in its poller.
//
// That thread preempts goroutines that run for long, and polls for those whose threads are
// all busy. It sleeps while all Ps are idle, until the next timer, and is woken by any
// ordinary system call, but not when the poller wakes a goroutine. Woken by a call it looks
// every 20 us until the process is idle again, a millisecond's worth: in a guest that is
// called now and then, and even more so where many guests share the processors, that takes
// as much time as all the rest. Woken by a timer it goes on as it did before, which is every
// 10 ms once that is used up.
//
// So the calls on a doorbell do not wake it. After a sleep of the process it is woken once,
// with a timer behind which it does not sleep. That is set again as long as the doorbell is
// waited on: so much longer than usual may a goroutine run before it is preempted.
type vigil struct {
	kept atomic.Bool // since the timer was set
	runs atomic.Bool // the timer is set

	mu    sync.Mutex
	timer *time.Timer // a doorbell's own: it belongs to the clock under which it was made
}

const vigilTime = 100 * time.Millisecond

// keep is called after each sleep.
func (v *vigil) keep() {
	if !v.kept.Load() {
		v.kept.Store(true)
	}
	if v.runs.Load() {
		return
	}
	v.start()
	// After the timer is set: the monitor looks for timers when it goes to sleep.
	_, _, _ = unix.Syscall(unix.SYS_GETTID, 0, 0, 0)
}

// start has the vigil go on for one more time.
func (v *vigil) start() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.runs.Store(true)
	if v.timer == nil {
		v.timer = time.AfterFunc(vigilTime, v.look)
	} else {
		v.timer.Reset(vigilTime)
	}
}

// look goes on with the vigil if it was kept since it was here last. Until it returns a P is
// busy, so that the monitor does not go to sleep before the timer is set.
func (v *vigil) look() {
	if v.kept.Swap(false) {
		v.start()
	} else {
		v.runs.Store(false)
	}
}
