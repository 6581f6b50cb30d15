package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is the user and system time that a process has used, ns.
func cpuTime(pid int) (uint64, error) {
	const wholeProcess = 2 // CPUCLOCK_SCHED, in the lowest bits of a clock id made of a pid
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|wholeProcess), &t); err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return uint64(t.Nano()), nil
}

// threads is how many OS threads this process has.
func threads() (int, error) {
	tasks, err := os.ReadDir("/proc/self/task")
	return len(tasks), err
}

// nap sleeps in the kernel, which is exact to some 50 us; Go's own timers are to 1 ms
// when nothing else happens.
func nap(d time.Duration) {
	t := unix.NsecToTimespec(d.Nanoseconds())
	_ = unix.Nanosleep(&t, nil) // a signal ends it early, which is no harm
}

// startOnOneCPU starts a command that may use one CPU only, and so may its children.
func startOnOneCPU(cmd *exec.Cmd) error {
	runtime.LockOSThread() // a child inherits the CPUs of the thread that starts it
	defer runtime.UnlockOSThread()
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return err
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	defer func() { _ = unix.SchedSetaffinity(0, &all) }() // what was allowed before
	return cmd.Start()
}
