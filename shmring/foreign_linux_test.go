package shmring

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// Hosts and guests of another implementation of version 1, as processes: they keep no
// flags, no lock and no table, know no epoch argument, and neither wake nor ring.

// foreignGuestProgram claims its entry by the state alone and leaves when told.
func foreignGuestProgram() error {
	t, err := parseTicket(os.Args[1:])
	if err != nil {
		return err
	}
	seg, err := openPath(t.path)
	if err != nil {
		return err
	}
	state := seg.peerU32(t.peer, layout.OffPeerState)
	if !atomic.CompareAndSwapUint32(state, layout.StateReserved, layout.StateAttached) {
		return fmt.Errorf("entry %d is %v", t.peer, seg.word(t.peer))
	}
	fmt.Println("attached", t.peer)
	one := make([]byte, 1)
	for !seg.hostLeaving() {
		if _, err := unix.Read(t.doorbell, one); err != nil && err != unix.EINTR {
			return err
		}
	}
	atomic.StoreUint32(state, layout.StateGoodbye)
	return seg.close()
}

// foreignHostProgram makes a segment without any of our extensions and spawns one of
// our guests with a datagram doorbell.
func foreignHostProgram() error {
	file, err := createMemfd()
	if err != nil {
		return err
	}
	lay, err := Config{MaxGuests: 1}.withDefaults().layout()
	if err != nil {
		return err
	}
	seg, err := newSegment(file, lay)
	if err != nil {
		return err
	}
	*seg.u32(layout.OffHeaderFeatures) = 0
	*seg.peerU32(1, layout.OffPeerHostFlags) = 0
	seg.publish()
	seg.setWord(1, wordOf(layout.StateReserved, 1))
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	t := ticket{path: fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), file.Fd()), peer: 1, doorbell: 3}
	cmd := program("echo", t.args()[:3]...)
	cmd.Stdout = os.Stdout
	cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(fds[1]), "theirs")}
	if err := cmd.Start(); err != nil {
		return err
	}
	untilKilled()
	return nil
}

func TestForeignSpawnedGuestIsFoundWithoutARing(t *testing.T) {
	deaths := make(chan death, 1)
	host := newHost(t, Config{MaxGuests: 1, OnDeath: onDeath(deaths)})
	peer, err := host.Spawn(program("foreign-guest"))
	require.NoError(t, err)
	require.True(t, peer.Link().Foreign())
	require.False(t, peer.Link().PeerHasTable())
	go drive(peer.Link())
	require.NoError(t, host.Close())
	require.ErrorIs(t, (<-deaths).cause, ErrPeerLeft)
	require.NoError(t, peer.Wait())
}

// A datagram doorbell shows neither EOF nor HUP: the guest watches the process.
func TestDeadForeignHostIsNoticedByItsProcess(t *testing.T) {
	host := run(t, program("foreign-host"))
	require.Equal(t, "attached 1", host.line()) // said by the guest
	require.NoError(t, host.cmd.Process.Kill())
	require.Contains(t, host.line(), "ended: "+ErrPeerDied.Error())
}
