package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
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

// keepOff has this process, where it is told to keep apart from its peer, stay on the n-th
// CPU that it may use: every thread that it has, and with them those to come.
func keepOff(n int) error {
	if os.Getenv(keepApart) == "" {
		return nil
	}
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return err
	}
	if all.Count() <= n {
		return fmt.Errorf("each process on a CPU of its own: %d may be used, at least %d are needed", all.Count(), n+1)
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			if n == 0 {
				one.Set(cpu)
			}
			n--
		}
	}
	for kept := 0; ; {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil || len(tasks) == kept {
			return err // none was made by one that was not kept yet
		}
		for _, task := range tasks {
			id, err := strconv.Atoi(task.Name())
			if err == nil {
				err = unix.SchedSetaffinity(id, &one)
			}
			if err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
		kept = len(tasks)
	}
}
