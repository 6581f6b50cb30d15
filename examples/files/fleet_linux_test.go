package main

import (
	"bytes"
	"context"
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

// newDemo is a demo of this process over dir.
func newDemo(dir string) (*demo, *bytes.Buffer, *screen) {
	stdout, stderr := new(bytes.Buffer), new(screen)
	return &demo{options: options{dir: dir, guests: 2}, stdout: stdout, stderr: stderr, open: openRegular}, stdout, stderr
}

// startFleet starts guests that end with the test.
func startFleet(t *testing.T, way transport, guests int) *fleet {
	t.Helper()
	f, err := way.start(context.Background(), guests)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.close()) })
	return f
}
