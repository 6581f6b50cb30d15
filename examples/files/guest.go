package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/shmring"
)

// guestName is argument 0 of a guest process: it tells guests from hosts, and no user
// gives it by accident.
const guestName = "roam-files-guest"

// argSocket, with a path, says that the guest is to dial a Unix socket. Without it the
// arguments are the ticket of shmring.
const argSocket = "--socket="

// guestMain is a guest process in Go: it serves Files until the host ends the connection.
func guestMain(args []string) int {
	drv, err := connectToHost(args)
	if err == nil {
		err = drv.Run(context.Background())
	}
	if err == nil {
		return exitDone
	}
	if !hostGone(err) {
		fmt.Fprintf(os.Stderr, "demo: guest %d: %s\n", os.Getpid(), printable(err.Error()))
	}
	return exitFailed
}

// hostGone says that err only means that the host has ended, which is news to nobody:
// it may end at any time, also while its guests start.
func hostGone(err error) bool {
	for _, end := range []error{
		shmring.ErrPeerDied, shmring.ErrHostLeaving, shmring.ErrNoHost, // of the segment
		fs.ErrNotExist, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, // of the socket
	} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

func connectToHost(args []string) (*driver.Driver, error) {
	service := NewFilesDispatcher(fileWorker{})
	if len(args) > 0 && strings.HasPrefix(args[0], argSocket) {
		return dialHost(strings.TrimPrefix(args[0], argSocket), service)
	}
	guest, err := shmring.AttachArgs(args)
	if err != nil {
		return nil, err
	}
	_, drv, err := driver.EstablishGuest(guest, service)
	return drv, err
}

func dialHost(path string, service roam.Dispatcher) (*driver.Driver, error) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), attachTimeout)
	defer cancel()
	_, drv, err := driver.EstablishStream(ctx, conn, driver.Initiator, service)
	return drv, err
}
