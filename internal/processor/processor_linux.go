package processor

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Yield lets a thread that waits for this processor run first, and says whether there was one.
// It returns at once where there is none, and otherwise may take that one's time slice, some
// milliseconds. It keeps its P meanwhile.
//
// How long it took would not tell: a timer's interrupt or the hypervisor may have had the
// processor.
func Yield() (others bool) {
	before, known := switches()
	_, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
	after, _ := switches()
	return known && after != before
}

// switches is how often another thread ran instead of the calling one while that could have
// gone on.
func switches() (n int64, ok bool) {
	var used unix.Rusage
	_, _, errno := unix.RawSyscall(unix.SYS_GETRUSAGE, unix.RUSAGE_THREAD, uintptr(unsafe.Pointer(&used)), 0) // as in current
	return int64(used.Nivcsw), errno == 0
}

// Leave moves the calling thread to another of the processors that it may use, and says
// whether it did; the kernel chooses which. It takes some ten microseconds. What the thread
// may use is the same afterwards, and is fixed to that: processors which its container is
// given later it leaves to other threads.
func Leave() bool {
	// No thread may be started from this one meanwhile: it would inherit the narrower set.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all unix.CPUSet
	here, ok := current()
	if !ok || unix.SchedGetaffinity(0, &all) != nil {
		return false
	}
	others := all
	others.Clear(here)
	if others.Count() == 0 || unix.SchedSetaffinity(0, &others) != nil {
		return false
	}
	return unix.SchedSetaffinity(0, &all) == nil
}

// current is the number of the processor that the calling thread runs on.
func current() (int, bool) {
	var cpu uint32
	_, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0) // the kernel writes to it, during the call alone
	return int(cpu), errno == 0
}
