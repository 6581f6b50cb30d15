package yield

import "golang.org/x/sys/unix"

// Processor lets another thread that waits for this processor run first. It costs a
// system call of some hundred nanoseconds when there is none.
func Processor() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
