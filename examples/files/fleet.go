package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/roam-rpc/roam-go/driver"
)

// Bounds on a guest that should be starting or ending.
const (
	attachTimeout = 10 * time.Second
	leaveTimeout  = 3 * time.Second
)

// identity is which guest of its fleet one is.
type identity struct {
	number   int // 1 for the first
	language language
}

func (i identity) String() string { return fmt.Sprintf("guest %d in %s", i.number, i.language) }

// guest is one guest process, as the host sees it.
type guest struct {
	identity
	pid    int
	handle *driver.Handle
	files  *FilesClient

	lost sync.Once // its end has been reported
}

// fleet is the guests of one run.
type fleet struct {
	guests  []*guest
	drivers sync.WaitGroup
	// release ends connections and processes, by force if ctx ends first, and waits for
	// the processes.
	release func(ctx context.Context) error
}

// add takes in an established connection and runs its driver.
func (f *fleet) add(p program, pid int, handle *driver.Handle, drv *driver.Driver) {
	who := identity{number: len(f.guests) + 1, language: p.language}
	f.guests = append(f.guests, &guest{identity: who, pid: pid, handle: handle, files: NewFilesClient(handle)})
	f.drivers.Go(func() {
		// How a connection ends is seen by the calls on it; the driver has no more to say.
		_ = drv.Run(context.Background())
	})
}

// close ends all connections and processes.
func (f *fleet) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	err := f.release(ctx)
	f.drivers.Wait()
	return err
}

// closeAfter is close for a fleet that could not be completed.
func (f *fleet) closeAfter(err error) error { return errors.Join(err, f.close()) }

// quiet drops what connections log: the calls on them return it too.
var quiet = slog.New(slog.DiscardHandler)

// transport is a way to have guests.
type transport struct {
	name  string // in the report
	title string // for people
	start func(ctx context.Context, guests []program) (*fleet, error)
}

var (
	sharedMemory = transport{name: "shm", title: "shared memory", start: startShared}
	unixSocket   = transport{name: "unix", title: "Unix sockets", start: startUnix}
)
