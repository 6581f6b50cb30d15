//go:build linux

package engine

import (
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func ptr(words []uint64) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(words)) }

func TestSleepEndsByWakeValueOrTime(t *testing.T) {
	if !CanSleep() {
		t.Skip("the kernel has no futex_waitv")
	}
	shared, guest := twoEnds(t)
	word, private := shared.WaitWord(Credit, 2), new(uint32)
	Sleep([]Wait{WaitShared(word, 1), WaitPrivate(private, 0)}, time.Hour) // another value already
	Sleep([]Wait{WaitShared(word, 0), WaitPrivate(private, 0)}, time.Nanosecond)
	for _, wake := range []func(){
		func() { atomic.AddUint32(word, 1); WakeShared(guest.WaitWord(Credit, 2)) },
		func() { atomic.AddUint32(private, 1); WakePrivate(private) },
	} {
		seen, privately := atomic.LoadUint32(word), atomic.LoadUint32(private)
		awake := make(chan struct{})
		go func() {
			defer close(awake)
			for atomic.LoadUint32(word) == seen && atomic.LoadUint32(private) == privately {
				Sleep([]Wait{WaitShared(word, seen), WaitPrivate(private, privately)}, time.Hour)
			}
		}()
		wake()
		<-awake
	}
}

// TestMonotonicIsTheKernelsClock: what is added to it ends a sleep neither much too soon,
// which would poll, nor too late. The bound is that of reading two clocks one after the
// other.
func TestMonotonicIsTheKernelsClock(t *testing.T) {
	kernel := func() int64 {
		var now unix.Timespec
		require.NoError(t, unix.ClockGettime(unix.CLOCK_MONOTONIC, &now))
		return now.Nano()
	}
	const apart = int64(100 * time.Microsecond)
	before := kernel()
	now := monotonic()
	after := kernel()
	assert.GreaterOrEqual(t, now, before-apart)
	assert.LessOrEqual(t, now, after+apart)
}

func TestSleepOnManyWords(t *testing.T) {
	if !CanSleep() {
		t.Skip("the kernel has no futex_waitv")
	}
	words := make([]uint32, MaxWaits)
	waits := make([]Wait, MaxWaits)
	for i := range words {
		waits[i] = WaitPrivate(&words[i], 0)
	}
	awake := make(chan struct{})
	go func() {
		defer close(awake)
		for atomic.LoadUint32(&words[MaxWaits-1]) == 0 {
			Sleep(waits, time.Hour)
		}
	}()
	atomic.StoreUint32(&words[MaxWaits-1], 1)
	WakePrivate(&words[MaxWaits-1])
	<-awake
}

func TestSleepOne(t *testing.T) {
	word := new(uint32)
	SleepOne(word, 1, time.Hour)
	SleepOne(word, 0, time.Nanosecond)
	awake := make(chan struct{})
	go func() {
		defer close(awake)
		for atomic.LoadUint32(word) == 0 {
			SleepOne(word, 0, time.Hour)
		}
	}()
	atomic.StoreUint32(word, 1)
	WakePrivate(word)
	<-awake
}

func TestWakeAllReachesEveryWord(t *testing.T) {
	if !CanSleep() {
		t.Skip("the kernel has no futex_waitv")
	}
	host, guest := twoEnds(t)
	host.Declare(FutexBit(Credit))
	for _, word := range []*uint32{host.WaitWord(Messages, 0), host.WaitWord(Space, 0), host.WaitWord(SlotBack, 0),
		host.WaitWord(Credit, 1), host.WaitWord(Credit, 15)} {
		var over atomic.Bool
		awake := make(chan struct{})
		go func() {
			defer close(awake)
			for !over.Load() {
				Sleep([]Wait{WaitShared(word, atomic.LoadUint32(word))}, time.Hour)
			}
		}()
		over.Store(true)
		for asleep := true; asleep; {
			guest.WakeAll()
			select {
			case <-awake:
				asleep = false
			case <-time.After(100 * time.Microsecond):
			}
		}
	}
	assert.Zero(t, host.Granted(1))
}
