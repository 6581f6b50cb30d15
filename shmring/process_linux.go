package shmring

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// process is another process, held by a pidfd: it stays that process whatever
// becomes of its number.
type process struct{ file *os.File }

// openProcess fails when there is no such process, or no pidfd (Linux before 5.3).
func openProcess(pid int) (*process, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("pidfd_open of process %d: %w", pid, err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // so that os.File polls it
		unix.Close(fd)
		return nil, err
	}
	return &process{os.NewFile(uintptr(fd), fmt.Sprintf("pidfd of %d", pid))}, nil
}

// await returns nil when the process has ended, and an error after close. It sleeps in
// the runtime's poller: no thread is held.
func (p *process) await() error {
	raw, err := p.file.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(func(fd uintptr) bool { // a pidfd is readable once its process has ended
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(poll, 0)
		return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
	})
}

// close ends an await. Any goroutine.
func (p *process) close() error { return p.file.Close() }
