package shmring

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// createAt makes a segment with a name. The file is complete, and the host's lock on
// byte 0 held, before the name exists. A stale segment that has the name is replaced;
// anything else there is ErrInUse.
func createAt(path string, lay segmentLayout) (*segment, error) {
	file, source, err := unnamedFile(path)
	if err != nil {
		return nil, err
	}
	if source != procFD(file) {
		defer os.Remove(source)
	}
	if err := allocate(file, lay.Total); err != nil {
		file.Close()
		return nil, fmt.Errorf("allocate %d bytes: %w", lay.Total, err)
	}
	seg, err := newSegment(file, lay)
	if err != nil {
		return nil, err
	}
	seg.publish()
	err = lockByte(file, 0)
	if err == nil {
		err = nameFile(source, path)
	}
	if err != nil {
		return nil, errors.Join(err, seg.close())
	}
	return seg, nil
}

// procFD is a path to the file itself, whatever its name.
func procFD(file *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(file.Fd())) }

// unnamedFile makes a file in the folder of path, mode 0600, that vanishes with the
// process while it has no name; where the file system cannot, one with a name that
// nobody looks for. source is what to link from.
func unnamedFile(path string) (file *os.File, source string, err error) {
	folder := filepath.Dir(path)
	fd, err := unix.Open(folder, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == nil {
		file = os.NewFile(uintptr(fd), path)
		if err := file.Chmod(0o600); err != nil { // whatever the umask
			file.Close()
			return nil, "", err
		}
		return file, procFD(file), nil
	}
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.EINVAL) {
		return nil, "", &fs.PathError{Op: "create a file in", Path: folder, Err: err}
	}
	file, err = os.CreateTemp(folder, "."+filepath.Base(path)+"-*")
	if err != nil {
		return nil, "", err
	}
	return file, file.Name(), nil
}

// allocate reserves the pages of a segment with a name, so that a full file system is
// an error now and not a SIGBUS later. File systems that cannot are left sparse.
func allocate(file *os.File, size uint64) error {
	for {
		err := unix.Fallocate(int(file.Fd()), 0, 0, int64(size))
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
			return nil
		default:
			return err
		}
	}
}

// nameFile links source to path; what is stale there goes first. The link either takes
// a free name or fails, so no live host is ever displaced.
func nameFile(source, path string) error {
	const attempts = 16 // others may be replacing the same stale file
	for range attempts {
		err := unix.Linkat(unix.AT_FDCWD, source, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
		if !errors.Is(err, unix.EEXIST) {
			if err != nil {
				return &fs.PathError{Op: "link", Path: path, Err: err}
			}
			return nil
		}
		if err := removeStale(path); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: %s: other hosts are taking it", ErrInUse, path)
}

// removeStale removes a segment whose host is gone: it kept its lock (KEEPS) and byte 0
// is unlocked. Only the holder of byte 0 of the very file that has the name removes it,
// so two hosts that replace the same file do not remove each other's.
func removeStale(path string) error {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %s cannot be opened to see what it is: %w", ErrInUse, path, err)
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	kept, err := hostKept(file)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s is not a segment that can be replaced: %w", ErrInUse, path, err)
	case !kept:
		return fmt.Errorf("%w: %s is the segment of a host that holds no lock, so nobody can say whether it lives: remove it by hand", ErrInUse, path)
	}
	if err := lockByte(file, 0); errors.Is(err, errLocked) {
		return fmt.Errorf("%w: %s is served by a live host", ErrInUse, path)
	} else if err != nil {
		return err
	}
	return removeIfSame(file, path)
}

// removeIfSame removes path if it still names the file.
func removeIfSame(file *os.File, path string) error {
	ours, err := file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(ours, named) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Remove(path)
}

// hostKept reads, without mapping what may be anything, whether file is a segment and
// whether its host keeps flags and lock.
func hostKept(file *os.File) (bool, error) {
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, &BoundError{"segment", "file", info.Mode().Type(), "must be a regular file"}
	}
	head := make([]byte, layout.SizeHeader+layout.SizePeer) // the entry of guest 1 follows the header
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if _, err := parseHeader(head[:n], uint64(info.Size())); err != nil {
		return false, err
	}
	seg := &segment{mem: head}
	return atomic.LoadUint32(seg.u32(layout.SizeHeader+layout.OffPeerHostFlags))&layout.FlagKeeps != 0, nil
}
