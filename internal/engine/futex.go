//go:build linux

package engine

import (
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Futex operations. The words of a segment are shared between processes, so the
// PRIVATE forms are for words of this process alone.
const (
	futexWait        = 0
	futexWake        = 1
	futexPrivateFlag = 128
	waitvSize32      = 2 // FUTEX2_SIZE_U32
	waitvPrivate     = 128
)

// MaxWaits is how many words one Sleep can watch (FUTEX_WAITV_MAX).
const MaxWaits = 128

// Wait is one word to sleep on while it has the value Seen. The layout is that of
// struct futex_waitv.
type Wait struct {
	seen     uint64
	addr     uint64
	flags    uint32
	reserved uint32
}

// WaitShared watches a word of a segment.
func WaitShared(word *uint32, seen uint32) Wait {
	// The kernel takes an address. Segment memory does not move.
	return Wait{seen: uint64(seen), addr: uint64(uintptr(unsafe.Pointer(word))), flags: waitvSize32}
}

// WaitPrivate watches a word on this process's heap, which does not move. The caller
// keeps it alive until Sleep returns.
func WaitPrivate(word *uint32, seen uint32) Wait {
	return Wait{seen: uint64(seen), addr: uint64(uintptr(unsafe.Pointer(word))), flags: waitvSize32 | waitvPrivate}
}

// WakeShared wakes every waiter, in any process, of a word of a segment, and says how
// many there were.
func WakeShared(word *uint32) int { return wake(word, futexWake) }

// WakePrivate wakes every waiter of a word of this process.
func WakePrivate(word *uint32) { wake(word, futexWake|futexPrivateFlag) }

// wake never blocks, so it keeps its P. Errors (a word that is not mapped) cannot
// happen to a caller inside the gate, and wake nobody.
func wake(word *uint32, op uintptr) int {
	woken, _, errno := unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), op, math.MaxInt32, 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(woken)
}

// CanSleep reports whether the kernel has futex_waitv (Linux 5.16, and no seccomp
// filter that hides it). Without it nothing can break a sleep on a segment's word.
func CanSleep() bool {
	if s := sleepSupport.Load(); s != 0 {
		return s > 0
	}
	// No waiter at all is an invalid argument to a kernel that knows the call.
	_, _, errno := unix.RawSyscall6(unix.SYS_FUTEX_WAITV, 0, 0, 0, 0, 0, 0)
	if errno == unix.EINVAL {
		sleepSupport.Store(1)
		return true
	}
	sleepSupport.Store(-1)
	return false
}

// sleepSupport is 0 not asked yet, 1 the kernel has futex_waitv, -1 it has not.
var sleepSupport atomic.Int32

// Sleep sleeps until one of the words is woken or has another value than was seen,
// or d has passed. It may return for no reason. d must be positive; at most MaxWaits
// words. CanSleep must have said yes.
func Sleep(words []Wait, d time.Duration) {
	end := monotonic() + int64(d) // futex_waitv takes a point in time, of 64 bits on every architecture
	deadline := [2]int64{end / int64(time.Second), end % int64(time.Second)}
	unix.Syscall6(unix.SYS_FUTEX_WAITV, uintptr(unsafe.Pointer(unsafe.SliceData(words))), uintptr(len(words)), 0,
		uintptr(unsafe.Pointer(&deadline)), unix.CLOCK_MONOTONIC, 0)
	runtime.KeepAlive(words)
}

// Hold sleeps until a word of a segment is woken or has another value than was seen, or d
// has passed, and keeps its P: who wakes up from it goes on at once, where others get a P
// first. No goroutine runs on that P meanwhile. The runtime can still stop it, for the
// garbage collector or after ten milliseconds: a signal ends the system call, which the
// kernel does not begin again where it has a time limit. (It would begin that of Sleep
// again.) It may return for no reason. d must be positive.
func Hold(word *uint32, seen uint32, d time.Duration) {
	timeout := unix.NsecToTimespec(int64(d)) // FUTEX_WAIT takes a duration
	unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(seen),
		uintptr(unsafe.Pointer(&timeout)), 0, 0)
}

// CanHold reports whether the runtime can end a Hold.
func CanHold() bool { return preemptible() }

var preemptible = sync.OnceValue(func() bool {
	return !strings.Contains(os.Getenv("GODEBUG"), "asyncpreemptoff=1")
})

// epoch is one moment by the kernel's monotonic clock, in nanoseconds, and by Go's, which
// reads the same clock without a system call. The two are read apart: of several pairs it
// is the one with the least time between them.
var epoch = sync.OnceValue(func() (e moment) {
	apart := time.Duration(math.MaxInt64)
	for range 100 {
		var now unix.Timespec
		before := time.Now()
		_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // cannot fail: every kernel has this clock
		if took := time.Since(before); took < apart {
			apart, e = took, moment{before, now.Nano()}
		}
		if apart < 10*time.Microsecond {
			break
		}
	}
	return e
})

type moment struct {
	at    time.Time
	nanos int64
}

// monotonic is the time of CLOCK_MONOTONIC, nanoseconds.
func monotonic() int64 {
	e := epoch()
	return e.nanos + int64(time.Since(e.at))
}

// SleepOne is Sleep on one word of this process with the older futex call, for
// kernels without futex_waitv.
func SleepOne(word *uint32, seen uint32, d time.Duration) {
	timeout := unix.NsecToTimespec(int64(d)) // FUTEX_WAIT takes a duration
	unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait|futexPrivateFlag, uintptr(seen),
		uintptr(unsafe.Pointer(&timeout)), 0, 0)
}
