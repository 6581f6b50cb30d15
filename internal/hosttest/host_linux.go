package hosttest

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/internal/segmenttest"
)

// Host is a segment, with what its test does in it.
type Host struct {
	Config
	*segmenttest.Segment
	// Channels says which channels the arguments of a guest's Request name, so that what
	// happens on them can be checked.
	Channels func(method uint64, arguments []byte) []Channel

	t      testing.TB
	places places
	file   *os.File
	path   string
}

// New makes a segment in memory of its own, ready for guests.
func New(t testing.TB, cfg Config) *Host {
	t.Helper()
	fd, err := unix.MemfdCreate("segment", unix.MFD_CLOEXEC)
	require.NoError(t, err)
	file := os.NewFile(uintptr(fd), "segment")
	return newHost(t, cfg, file, fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd))
}

// NewAt makes a segment with a path, for guests that walk up. The host's lock is held.
func NewAt(t testing.TB, cfg Config) *Host {
	t.Helper()
	path := filepath.Join(t.TempDir(), "segment")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	require.NoError(t, err)
	h := newHost(t, cfg, file, path)
	if !cfg.Foreign {
		h.Lock(0)
	}
	return h
}

func newHost(t testing.TB, cfg Config, file *os.File, path string) *Host {
	cfg = cfg.withDefaults()
	h := &Host{Config: cfg, Channels: func(uint64, []byte) []Channel { return nil }, t: t, places: cfg.places(), file: file, path: path}
	require.NoError(t, file.Truncate(int64(h.places.total)))
	mem, err := unix.Mmap(int(file.Fd()), 0, int(h.places.total), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	require.NoError(t, err)
	h.Segment = &segmenttest.Segment{Mem: mem}
	t.Cleanup(func() {
		h.Unmap()
		_ = file.Close()
	})
	h.format()
	atomic.StoreUint64(h.U64(layout.OffHeaderMagic), binary.LittleEndian.Uint64([]byte(layout.SegmentMagic)))
	return h
}

// Path is what guests open.
func (h *Host) Path() string { return h.path }

// Lock takes the write lock on a byte of the segment, for this side's description of the
// file.
func (h *Host) Lock(at uint32) {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(at), Len: 1}
	require.NoError(h.t, unix.FcntlFlock(h.file.Fd(), unix.F_OFD_SETLK, &lock))
}

// Unlock gives it back.
func (h *Host) Unlock(at uint32) {
	lock := unix.Flock_t{Type: unix.F_UNLCK, Start: int64(at), Len: 1}
	require.NoError(h.t, unix.FcntlFlock(h.file.Fd(), unix.F_OFD_SETLK, &lock))
}

// Locked says whether another process has the lock on a byte.
func (h *Host) Locked(at uint32) bool {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(at), Len: 1}
	require.NoError(h.t, unix.FcntlFlock(h.file.Fd(), unix.F_OFD_GETLK, &lock))
	return lock.Type != unix.F_UNLCK
}

// Word is state and epoch of an entry.
type Word struct{ State, Epoch uint32 }

func (w Word) bits() uint64 { return uint64(w.Epoch)<<32 | uint64(w.State) }

func wordOf(bits uint64) Word { return Word{uint32(bits), uint32(bits >> 32)} }

// Word reads state and epoch of an entry.
func (h *Host) Word(peer uint32) Word {
	return wordOf(atomic.LoadUint64(h.U64(segmenttest.Entry(peer) + layout.OffPeerState)))
}

// SetWord writes both.
func (h *Host) SetWord(peer uint32, w Word) {
	atomic.SwapUint64(h.U64(segmenttest.Entry(peer)+layout.OffPeerState), w.bits())
}

// Copy makes a file of the first bytes of the segment, with a lock like the host's, and
// gives its path.
func (h *Host) Copy(size int) string {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), "segment")
	require.NoError(h.t, os.WriteFile(path, h.Mem[:size], 0o600))
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(h.t, err)
	h.t.Cleanup(func() { _ = file.Close() })
	lock := unix.Flock_t{Type: unix.F_WRLCK, Len: 1}
	require.NoError(h.t, unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock))
	return path
}
