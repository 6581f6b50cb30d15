package processor

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Yield lets a thread that waits for this processor run first. It returns at once where
// there is none, and otherwise may take that one's time slice, some milliseconds. It keeps
// its P meanwhile.
func Yield() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

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
