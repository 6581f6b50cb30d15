package shmring

import (
	"errors"
	"fmt"
	"math"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// segment is one mapping of a shared segment. The bytes may be changed by any peer at
// any time; lay is ours.
type segment struct {
	mem  []byte
	lay  segmentLayout
	file *os.File // the description that holds this process's lock, if any
}

// ptr is the address of offset off. The slice expression checks it against the
// mapping; the mapping outlives every use, which the links' gates guarantee.
func (s *segment) ptr(off uint64) unsafe.Pointer {
	return unsafe.Pointer(&s.mem[off])
}

// u32 is the word at off, which the layout aligns to 4 bytes.
func (s *segment) u32(off uint64) *uint32 {
	return (*uint32)(unsafe.Pointer(&s.mem[off : off+4 : off+4][0])) // whole word inside the mapping
}

// u64 is the word at off, which the layout aligns to 8 bytes.
func (s *segment) u64(off uint64) *uint64 {
	return (*uint64)(unsafe.Pointer(&s.mem[off : off+8 : off+8][0])) // whole word inside the mapping
}

// peerU32 is a 32-bit field of the entry of guest id.
func (s *segment) peerU32(id uint32, field uint64) *uint32 {
	return s.u32(s.lay.peerEntry(id) + field)
}

// beat is last_heartbeat of guest id, CLOCK_MONOTONIC nanoseconds.
func (s *segment) beat(id uint32) *uint64 {
	return s.u64(s.lay.peerEntry(id) + layout.OffPeerLastHeartbeat)
}

// newSegment makes file, fresh and empty, a segment of the given layout: sized,
// mapped and filled, but without the magic. It takes over the file.
func newSegment(file *os.File, lay segmentLayout) (*segment, error) {
	if err := file.Truncate(int64(lay.Total)); err != nil {
		file.Close()
		return nil, fmt.Errorf("size the segment to %d bytes: %w", lay.Total, err)
	}
	mem, err := mapFile(file, lay.Total)
	if err != nil {
		file.Close()
		return nil, err
	}
	seg := &segment{mem: mem, lay: lay, file: file}
	seg.format()
	return seg, nil
}

// openSegment maps the segment that file is and checks its header. It takes over the
// file.
func openSegment(file *os.File) (*segment, error) {
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		file.Close()
		return nil, &BoundError{"segment", "file", fmt.Sprintf("%v of %d bytes", info.Mode().Type(), info.Size()),
			"must be a regular file with a segment in it"}
	}
	mem, err := mapFile(file, uint64(info.Size()))
	if err != nil {
		file.Close()
		return nil, err
	}
	lay, err := parseHeader(mem, uint64(len(mem)))
	seg := &segment{mem: mem, lay: lay, file: file}
	if err != nil {
		return nil, errors.Join(err, seg.close())
	}
	return seg, nil
}

func mapFile(file *os.File, size uint64) ([]byte, error) {
	if size > math.MaxInt {
		return nil, fmt.Errorf("map %d bytes: more than the address space", size)
	}
	mem, err := unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes: %w", size, err)
	}
	return mem, nil
}

// close unmaps the segment and then closes its file, which drops this process's lock:
// whoever sees the lock gone knows that the mapping went before. No link may use the
// segment any more.
func (s *segment) close() error {
	err := unix.Munmap(s.mem)
	s.mem = nil
	return errors.Join(err, s.file.Close())
}

// createMemfd makes the anonymous, unsized file for a segment.
func createMemfd() (*os.File, error) {
	const name = "roam-segment"
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // MFD_NOEXEC_SEAL came with Linux 6.3
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), name)
	if err := file.Chmod(0o600); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// seal forbids every later change of the size, so that no guest can take pages from
// under the host.
func seal(file *os.File) error {
	if _, err := unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return fmt.Errorf("seal the segment: %w", err)
	}
	return nil
}
