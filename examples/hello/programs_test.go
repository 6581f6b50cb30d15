package hello_test

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// build builds programs of this folder and returns the folder that they are in.
func build(t *testing.T, programs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, program := range programs {
		target := filepath.Join(dir, program)
		out, err := exec.CommandContext(t.Context(), "go", "build", "-o", target, "./"+program).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return dir
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

func TestHostCallsAndStreamsToItsGuest(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("shared memory is for Linux")
	}
	dir := build(t, "host", "guest")
	out := run(t, filepath.Join(dir, "host"), filepath.Join(dir, "guest"), "Ada", "Grace")
	assert.Equal(t, "Hello, guest!\nHello, Ada!\nHello, Grace!\n", out)
}

func TestSameServiceOverASocket(t *testing.T) {
	dir := build(t, "socket")
	assert.Equal(t, "Hello, server!\n", run(t, filepath.Join(dir, "socket")))
}
