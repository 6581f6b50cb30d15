package shmring

import (
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestALongRunAfterASleepIsPreempted: where a goroutine that the doorbell woke keeps the only
// processor, another one runs all the same. The runtime's monitor sleeps for a minute if
// nobody wakes it, which is done after the first of two short sleeps only.
func TestALongRunAfterASleepIsPreempted(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	bell, err := newDoorbell(fds[0])
	require.NoError(t, err)
	defer bell.close()
	other := os.NewFile(uintptr(fds[1]), "other end")
	defer other.Close()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	ringer := exec.Command("sh", "-c", "sleep 0.2; printf . >&3; sleep 0.06; printf . >&3") // this process sleeps meanwhile, its monitor too
	ringer.ExtraFiles = []*os.File{other}
	require.NoError(t, ringer.Start())
	for range 2 {
		require.NoError(t, bell.wait(time.Time{}))
		began := time.Now()
		var ran atomic.Bool
		go ran.Store(true)
		for !ran.Load() {
		}
		assert.Less(t, time.Since(began), 30*time.Second)
	}
	require.NoError(t, ringer.Wait())
}
