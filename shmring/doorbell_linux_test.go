package shmring

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestDoorbellRingsAreDrainedTogether(t *testing.T) {
	a, b := bellPair(t)
	defer a.close()
	defer b.close()
	for range 20 {
		require.NoError(t, a.ring())
	}
	require.NoError(t, b.wait(time.Time{}))
	b.interrupt()
	require.NoError(t, b.wait(time.Time{}), "nothing is left but the interrupt")
	require.NoError(t, b.wait(time.Now()), "nor after that")
}

func TestFullDoorbellCountsAsRung(t *testing.T) {
	a, b := bellPair(t)
	defer a.close()
	defer b.close()
	for range 1 << 16 {
		require.NoError(t, a.ring())
	}
	require.NoError(t, b.wait(time.Time{}))
}

func TestDoorbellHangUp(t *testing.T) {
	a, b := bellPair(t)
	defer b.close()
	assert.False(t, b.hungUp())
	require.NoError(t, a.ring())
	require.NoError(t, a.close())
	assert.True(t, b.hungUp())
	require.NoError(t, b.wait(time.Time{}), "what was rung before comes first")
	require.ErrorIs(t, b.wait(time.Time{}), errHungUp)
	require.ErrorIs(t, b.ring(), errHungUp)
	assert.True(t, b.hungUp())
}

func TestDoorbellWithUnreadRingsHangsUp(t *testing.T) {
	a, b := bellPair(t)
	defer b.close()
	require.NoError(t, b.ring())
	require.NoError(t, a.close())
	require.ErrorIs(t, b.wait(time.Time{}), errHungUp)
	assert.True(t, b.hungUp())
}

func TestInheritedDoorbellStaysOpenInOthers(t *testing.T) {
	a, b := bellPair(t)
	defer a.close()
	copied, err := unix.Dup(b.fd)
	require.NoError(t, err)
	require.NoError(t, b.close())
	assert.False(t, a.hungUp(), "another process may have it still")
	require.NoError(t, a.ring())
	require.NoError(t, unix.Close(copied))
	assert.True(t, a.hungUp())
}

func TestDatagramDoorbellOfAForeignHost(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	require.NoError(t, err)
	a, err := newDoorbell(fds[0])
	require.NoError(t, err)
	defer a.close()
	require.NoError(t, unix.Send(fds[1], nil, 0))
	require.NoError(t, a.wait(time.Time{}), "an empty datagram is a ring, not an end")
	require.NoError(t, a.ring())
	require.NoError(t, unix.Close(fds[1]))
	require.ErrorIs(t, a.ring(), errHungUp, "only a ring shows the end")
}

func TestDoorbellKeepsOutOfPrograms(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(fds[1])
	bell, err := newDoorbell(fds[0])
	require.NoError(t, err)
	defer bell.close()
	flags, err := unix.FcntlInt(uintptr(bell.fd), unix.F_GETFD, 0)
	require.NoError(t, err)
	assert.NotZero(t, flags&unix.FD_CLOEXEC)
	status, err := unix.FcntlInt(uintptr(bell.fd), unix.F_GETFL, 0)
	require.NoError(t, err)
	assert.NotZero(t, status&unix.O_NONBLOCK)
}

func TestDoorbellIsASocket(t *testing.T) {
	file, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer file.Close()
	_, err = newDoorbell(int(file.Fd()))
	require.ErrorIs(t, err, unix.ENOTSOCK)
}

func TestClosedDoorbellEndsWait(t *testing.T) {
	a, b := bellPair(t)
	defer a.close()
	ended := make(chan error)
	go func() {
		for {
			if err := b.wait(time.Time{}); err != nil {
				ended <- err
				return
			}
		}
	}()
	require.NoError(t, b.close())
	require.ErrorIs(t, <-ended, os.ErrClosed)
}
