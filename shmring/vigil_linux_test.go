package shmring

import (
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestALongRunAfterASleepIsPreempted: where a goroutine that the doorbell woke keeps the only
// processor, another one runs all the same. The runtime's monitor sleeps for a minute if
// nobody wakes it, which is done after the first sleep only: after the others, which are
// short, and outlast the vigil's timer several times, it is awake.
func TestALongRunAfterASleepIsPreempted(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	bell, err := newDoorbell(fds[0])
	require.NoError(t, err)
	defer bell.close()
	other := os.NewFile(uintptr(fds[1]), "other end")
	defer other.Close()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	ringer := exec.Command("sh", "-c", "sleep 0.2; for i in 1 2 3 4 5 6; do printf . >&3; sleep 0.06; done") // this process sleeps meanwhile, its monitor too
	ringer.ExtraFiles = []*os.File{other}
	require.NoError(t, ringer.Start())
	for range 6 {
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

func TestVigilGoesOnWhileItIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v vigil
		for range 3 { // it begins anew after each pause
			for range 50 {
				v.keep()
				assert.True(t, v.runs.Load())
				time.Sleep(vigilTime / 10)
			}
			time.Sleep(2*vigilTime - 1)
			synctest.Wait()
			assert.False(t, v.runs.Load(), "two times of the timer after the last sleep")
		}
	})
}

func TestVigilOutlastsTheLastSleepByItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v vigil
		v.keep()
		time.Sleep(vigilTime / 2)
		v.keep()
		time.Sleep(vigilTime)
		synctest.Wait()
		assert.True(t, v.runs.Load())
	})
}
