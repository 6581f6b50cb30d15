package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// addNoFiles adds what is not to be streamed.
func addNoFiles(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.Symlink("lines", filepath.Join(dir, "link to file")))
	require.NoError(t, os.Symlink("a", filepath.Join(dir, "link to folder")))
	require.NoError(t, os.Symlink("..", filepath.Join(dir, "link up")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "dangling")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o666))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "no files"), 0o777))
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, socket.Close()) })
}

// newDemo is a demo of this process over dir, with guests in Go.
func newDemo(dir string) (*demo, *bytes.Buffer, *screen) {
	stdout, stderr := new(bytes.Buffer), new(screen)
	return &demo{options: options{dir: dir, guests: 2, guest: guestsInGo}, stdout: stdout, stderr: stderr,
		open: openRegular, build: alreadyBuilt}, stdout, stderr
}

// fleetKind is a way to have guests, and in which languages they are.
type fleetKind struct {
	way   transport
	guest guestChoice
}

// forFleets runs test with each kind: guests in C have shared memory only.
func forFleets(t *testing.T, test func(t *testing.T, kind fleetKind)) {
	t.Run(sharedMemory.name, func(t *testing.T) {
		forGuests(t, func(t *testing.T, guest guestChoice) { test(t, fleetKind{sharedMemory, guest}) })
	})
	t.Run(unixSocket.name, func(t *testing.T) { test(t, fleetKind{unixSocket, guestsInGo}) })
}

// programs is what so many guests of a kind run.
func (k fleetKind) programs(t *testing.T, guests int) []program {
	t.Helper()
	d := demo{options: options{guest: k.guest, guests: guestCount(guests)}, stderr: io.Discard, build: alreadyBuilt}
	programs, _, err := d.programs(context.Background())
	require.NoError(t, err)
	return programs
}

// startFleet starts guests that end with the test.
func startFleet(t *testing.T, kind fleetKind, guests int) *fleet {
	t.Helper()
	f, err := kind.way.start(context.Background(), kind.programs(t, guests))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.close()) })
	return f
}
