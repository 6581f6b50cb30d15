package driver

import (
	"errors"

	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/internal/stream"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/shmring"

	roam "github.com/roam-rpc/roam-go"
)

// ErrClosed is the cause of a connection that this side closed.
var ErrClosed = errors.New("closed by this side")

// connectionError makes the error that everything on the connection fails with, and
// the Goodbye reason for the peer, empty when it is not to be told.
func connectionError(cause error) (*roam.ConnectionError, string) {
	var given *roam.ConnectionError
	var broken *core.Violation
	var fault *transport.Fault
	switch {
	case errors.As(cause, &given):
		if given.Remote {
			return given, ""
		}
		return given, given.Reason
	case errors.As(cause, &broken):
		return &roam.ConnectionError{Reason: broken.Error(), Err: cause}, broken.Error()
	case errors.As(cause, &fault):
		return &roam.ConnectionError{Reason: fault.Error(), Err: cause}, fault.Error()
	}
	return &roam.ConnectionError{Err: cause}, ""
}

// orderlyEnds are causes without a fault. A host that closes one connection evicts
// its guest; when that is for a fault, a Goodbye says so.
var orderlyEnds = []error{ErrClosed, stream.ErrPeerClosed, shmring.ErrPeerLeft, shmring.ErrHostLeaving, shmring.ErrEvicted, shmring.ErrClosed}

// orderly says that a connection ended as connections do, through no fault.
func orderly(err error) bool {
	var given *roam.ConnectionError
	if errors.As(err, &given) && given.Reason != "" {
		return errors.Is(err, ErrClosed) // the reason is ours
	}
	for _, end := range orderlyEnds {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}
