package shmring

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// errHungUp means that the other end of a doorbell is closed, in every process that
// had it.
var errHungUp = errors.New("doorbell hung up")

// doorbell is one end of the socket pair, or of the connection, that wakes a process
// and shows its death. ring and hungUp may be called at once with all but close;
// wait belongs to one goroutine at a time.
type doorbell struct {
	// fd is the socket, non-blocking. os.File.Fd would make it blocking, so its number
	// is kept for the calls that do not go through the file.
	fd   int
	file *os.File        // the same socket, read through the netpoller
	raw  syscall.RawConn // of file
	// datagram says that a foreign host made the pair: it shows neither EOF nor HUP.
	datagram bool
	broken   uint32 // atomic: interrupt came, wait has not seen it

	// The rest is wait's.
	moved   bool     // the read deadline may be in the past
	drained [64]byte // what is read, and ignored
	read    func(fd uintptr) (done bool)
	n       int // what read gave
	errno   syscall.Errno
	vigil   vigil
}

// ringByte is what a ring sends; its value means nothing.
var ringByte = []byte{0}

// newDoorbell takes over fd, one end of a stream socket (or a foreign host's datagram
// pair), and keeps it from programs that this process starts.
func newDoorbell(fd int) (*doorbell, error) {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return nil, fmt.Errorf("doorbell: descriptor %d: %w", fd, err)
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("doorbell: descriptor %d: %w", fd, err)
	}
	d := &doorbell{fd: fd, file: os.NewFile(uintptr(fd), "doorbell"), datagram: kind == unix.SOCK_DGRAM}
	if d.raw, err = d.file.SyscallConn(); err != nil {
		return nil, errors.Join(fmt.Errorf("doorbell: descriptor %d: %w", fd, err), d.file.Close())
	}
	d.read = d.drain
	return d, nil
}

// ring wakes the other side. It does not block: a full buffer means that the other
// has rings to read already. errHungUp when there is no other end any more.
func (d *doorbell) ring() error {
	for {
		_, errno := d.call(unix.SYS_SENDTO, unsafe.Pointer(unsafe.SliceData(ringByte)), len(ringByte), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		switch errno {
		case 0, unix.EAGAIN, unix.ENOBUFS:
			return nil
		case unix.EINTR:
		default: // EPIPE, ECONNRESET; of a datagram pair ECONNREFUSED, ENOTCONN
			return errHungUp
		}
	}
}

// call sends or receives without waiting. It bypasses the Go scheduler, which an ordinary
// system call has wake its monitor where that sleeps: see [vigil].
func (d *doorbell) call(trap uintptr, buffer unsafe.Pointer, n int, flags uintptr) (int, syscall.Errno) {
	done, _, errno := unix.RawSyscall6(trap, uintptr(d.fd), uintptr(buffer), uintptr(n), flags, 0, 0) // the kernel uses the buffer during the call alone
	return int(done), errno
}

// drain takes one read's worth of rings, and says whether there was anything to learn.
func (d *doorbell) drain(uintptr) bool {
	for {
		d.n, d.errno = d.call(unix.SYS_RECVFROM, unsafe.Pointer(&d.drained), len(d.drained), unix.MSG_DONTWAIT)
		if d.errno != unix.EINTR { // the poller tells of each ring once
			return d.errno != unix.EAGAIN
		}
	}
}

// wait sleeps until the other side rings, until interrupt, or until deadline (zero:
// none); what was rung is drained. It may return for no reason. errHungUp when the
// other end is closed, os.ErrClosed after close.
func (d *doorbell) wait(deadline time.Time) error {
	if d.moved || !deadline.IsZero() {
		if err := d.file.SetReadDeadline(deadline); err != nil {
			return err
		}
		d.moved = !deadline.IsZero()
	}
	// After the deadline is set: an interrupt either is seen here, or moves the
	// deadline after this and ends the read.
	if atomic.SwapUint32(&d.broken, 0) != 0 {
		d.moved = true
		return nil
	}
	err := d.raw.Read(d.read)
	d.vigil.keep()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		d.moved = true
		atomic.SwapUint32(&d.broken, 0) // a swap, since it also acquires what was written before the interrupt
		return nil
	case err != nil:
		return os.ErrClosed
	case d.errno == 0 && (d.n > 0 || d.datagram): // a datagram may be empty
		return nil
	default:
		return errHungUp
	}
}

// interrupt ends the wait that is under way, or the next one.
func (d *doorbell) interrupt() {
	atomic.StoreUint32(&d.broken, 1)
	_ = d.file.SetReadDeadline(time.Unix(1, 0)) // long past; fails only once closed, when wait returns by itself
}

// interrupted reports whether an interrupt came that no wait has seen yet.
func (d *doorbell) interrupted() bool { return atomic.LoadUint32(&d.broken) != 0 }

// hungUp reports whether the other end is closed. It neither blocks nor reads.
func (d *doorbell) hungUp() bool {
	poll := []unix.PollFd{{Fd: int32(d.fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(poll, 0)
	return err == nil && n > 0 && poll[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLRDHUP) != 0
}

// close closes this end, which the other takes for this side's end. No ring or hungUp
// may follow.
func (d *doorbell) close() error { return d.file.Close() }
