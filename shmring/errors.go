package shmring

import (
	"errors"
	"fmt"
	"runtime"
)

// How a link, a host or an attach ends. Returned errors wrap these: use errors.Is.
var (
	// ErrNotSupported is what everything returns on systems other than Linux.
	ErrNotSupported = fmt.Errorf("shmring: not supported on %s", runtime.GOOS)

	// ErrPeerDied ends a link whose other process is gone or silent.
	ErrPeerDied = errors.New("shmring: peer died")
	// ErrPeerLeft ends a host's link to a guest that left in order.
	ErrPeerLeft = errors.New("shmring: peer left")
	// ErrHostLeaving ends a guest's link when the host says goodbye, and refuses an
	// attach to such a host.
	ErrHostLeaving = errors.New("shmring: host is leaving")
	// ErrEvicted ends the link of a guest whose entry the host took away; a reason may
	// lie in the ring.
	ErrEvicted = errors.New("shmring: evicted by the host")
	// ErrClosed ends a link, and refuses calls on a host or guest, after this side has
	// closed it.
	ErrClosed = errors.New("shmring: closed")

	// ErrHubFull means that every entry of the segment is in use.
	ErrHubFull = errors.New("shmring: hub full")
	// ErrRefused means that the host did not admit this process.
	ErrRefused = errors.New("shmring: refused by the host")
	// ErrInUse means that a live host, or something that is not a stale file of ours,
	// has the path.
	ErrInUse = errors.New("shmring: path in use")
	// ErrNoHost means that nobody serves the segment or the socket.
	ErrNoHost = errors.New("shmring: no host")
	// ErrNoTicket means that this process was not started by [Host.Spawn]: neither its
	// arguments nor its environment say which segment to attach to.
	ErrNoTicket = errors.New("shmring: not started as a guest")
	// ErrClaim means that the entry was no longer, or never, reserved for this guest.
	ErrClaim = errors.New("shmring: entry is not reserved for this guest")
)
