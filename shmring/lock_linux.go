package shmring

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// A walk-up guest P and the host of a segment with a path each hold a write lock on
// one byte of the file, P and 0, for as long as they live. The locks belong to the open
// file description, so the kernel drops one when the last descriptor and mapping made
// from it are gone: at death at the latest.

// errLocked means that another open file description holds the byte.
var errLocked = errors.New("locked by another process")

// byteLock describes a write lock on one byte.
func byteLock(at uint32, kind int16) *unix.Flock_t {
	return &unix.Flock_t{Type: kind, Whence: io.SeekStart, Start: int64(at), Len: 1}
}

// lockByte takes the lock, without waiting; errLocked if another has it.
func lockByte(file *os.File, at uint32) error {
	err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, byteLock(at, unix.F_WRLCK))
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return errLocked
	}
	if err != nil {
		return fmt.Errorf("lock byte %d of the segment: %w", at, err)
	}
	return nil
}

// unlockByte gives the lock back.
func unlockByte(file *os.File, at uint32) error {
	return unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, byteLock(at, unix.F_UNLCK))
}

// byteLocked says whether another open file description holds the byte. When the
// kernel does not answer, it is taken to be held: no peer is declared dead by that.
func byteLocked(file *os.File, at uint32) bool {
	lock := byteLock(at, unix.F_WRLCK)
	err := unix.FcntlFlock(file.Fd(), unix.F_OFD_GETLK, lock)
	return err != nil || lock.Type != unix.F_UNLCK
}
