package processor

import (
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// pin lets the calling goroutine's thread use the given processor alone, until the test
// ends.
func pin(t *testing.T, cpu int) {
	runtime.LockOSThread()
	var before, one unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &before))
	one.Set(cpu)
	require.NoError(t, unix.SchedSetaffinity(0, &one))
	t.Cleanup(func() {
		assert.NoError(t, unix.SchedSetaffinity(0, &before))
		runtime.UnlockOSThread()
	})
}

func affinity(t *testing.T) (set unix.CPUSet) {
	require.NoError(t, unix.SchedGetaffinity(0, &set))
	return set
}

// TestLeaveUsesAnotherProcessor, and leaves alone which ones may be used.
func TestLeaveUsesAnotherProcessor(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	may := affinity(t)
	if may.Count() < 2 {
		t.Skip("this process may use one processor alone")
	}
	left := map[int]bool{} // by where it was before; the kernel may move the thread itself in between
	for len(left) < 2 {
		before, ok := current()
		require.True(t, ok)
		require.True(t, Leave())
		after, _ := current()
		if after != before {
			left[before] = true
		}
		require.Equal(t, may, affinity(t))
	}
}

// TestNobodyLeavesTheOnlyProcessor that its thread was allowed.
func TestNobodyLeavesTheOnlyProcessor(t *testing.T) {
	here, ok := current()
	require.True(t, ok)
	pin(t, here)
	may := affinity(t)
	assert.False(t, Leave())
	assert.Equal(t, may, affinity(t))
	after, _ := current()
	assert.Equal(t, here, after)
}

// TestYieldTellsOfAnotherThread that ran meanwhile.
func TestYieldTellsOfAnotherThread(t *testing.T) {
	here, ok := current()
	require.True(t, ok)
	pin(t, here)
	var over atomic.Bool
	other := make(chan struct{})
	go func() {
		defer close(other)
		runtime.LockOSThread() // the thread ends with its goroutine
		var one unix.CPUSet
		one.Set(here)
		assert.NoError(t, unix.SchedSetaffinity(0, &one))
		for !over.Load() {
			unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		}
	}()
	for !Yield() {
	}
	over.Store(true)
	<-other
	for before, after := int64(0), int64(-1); before != after; { // it does not count what is no switch
		before, ok = switches()
		require.True(t, ok)
		after, _ = switches()
	}
}
