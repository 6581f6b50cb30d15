package shmring

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

func TestSpawnedGuestAnswersAndLeaves(t *testing.T) {
	host := newHost(t, Config{})
	cmd := program("echo", "other", "--arguments")
	peer, err := host.Spawn(cmd)
	require.NoError(t, err)
	assert.EqualValues(t, 1, peer.ID())
	assert.Equal(t, cmd.Process.Pid, peer.Pid())
	assert.Same(t, peer, host.Peer(1))
	assert.Equal(t, []*Peer{peer}, host.Peers())
	assert.NoError(t, peer.Err())
	requireEcho(t, peer.Link())
	go drive(peer.Link())
	require.NoError(t, host.Close())
	<-peer.Done()
	assert.ErrorIs(t, peer.Err(), ErrPeerLeft)
	assert.NoError(t, peer.Wait())
	assert.Nil(t, host.Peer(1))
}

func TestGuestFindsItsTicketInTheEnvironment(t *testing.T) {
	host := newHost(t, Config{})
	peer, err := host.Spawn(program("environ"))
	require.NoError(t, err)
	requireEcho(t, peer.Link())
}

func TestSpawnOfAMissingProgramNamesItAndFreesTheEntry(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 1})
	_, err := host.Spawn(exec.Command("/nonexistent/guest"))
	require.ErrorContains(t, err, "spawn /nonexistent/guest")
	require.ErrorIs(t, err, os.ErrNotExist)
	requireClean(t, host, 1)
	_, err = host.Spawn(program("echo"))
	require.NoError(t, err)
}

func TestSpawnOfAProgramThatExitsReportsItsStatus(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 1})
	_, err := host.Spawn(program("exit"))
	require.ErrorContains(t, err, "without having attached")
	require.ErrorContains(t, err, "exit status 3")
	requireClean(t, host, 1)
}

func TestSpawnOfASilentProgramKillsItAndFreesTheEntry(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 1, AttachTimeout: 100 * time.Millisecond})
	cmd := program("silent")
	_, err := host.Spawn(cmd)
	require.ErrorContains(t, err, "stayed silent for 100ms")
	require.ErrorContains(t, err, "signal: killed")
	require.NotNil(t, cmd.ProcessState, "it was waited for")
	requireClean(t, host, 1)
}

func TestSpawnWithoutAnEmptyEntryIsHubFull(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 1})
	_, err := host.Spawn(program("echo"))
	require.NoError(t, err)
	_, err = host.Spawn(program("echo"))
	require.ErrorIs(t, err, ErrHubFull)
}

func TestSpawnAfterCloseIsRefused(t *testing.T) {
	host := newHost(t, Config{})
	require.NoError(t, host.Close())
	_, err := host.Spawn(program("echo"))
	require.ErrorIs(t, err, ErrClosed)
}

func TestSpawnDuringCloseDoesNotHoldItUp(t *testing.T) {
	host := newHost(t, Config{})
	failed := make(chan error)
	cmd := program("silent")
	go func() {
		_, err := host.Spawn(cmd)
		failed <- err
	}()
	for host.seg.word(1).state() != layout.StateReserved {
		runtime.Gosched()
	}
	require.NoError(t, host.Close())
	require.ErrorIs(t, <-failed, ErrClosed)
}

func TestWrapperThatPassesTheDoorbellOn(t *testing.T) {
	deaths := make(chan error, 1)
	host := newHost(t, Config{MaxGuests: 1, OnDeath: func(_ uint32, cause error) { deaths <- cause }})
	cmd := program("wrapper")
	stay, err := cmd.StdinPipe()
	require.NoError(t, err)
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	cmd.Stdout = write
	peer, err := host.Spawn(cmd)
	require.NoError(t, err)
	require.NoError(t, write.Close())
	link := peer.Link()
	requireEcho(t, link)

	// The wrapper's end fails the calls, though the guest itself still lives; the entry
	// is free only when that one has left too.
	require.NoError(t, stay.Close())
	<-link.Done()
	require.ErrorIs(t, link.Err(), ErrPeerDied)
	require.ErrorContains(t, link.Err(), "exit status 0")
	_ = echo(link) // drains and returns
	require.NoError(t, link.Leave(t.Context(), ""))
	<-peer.Done()
	require.ErrorIs(t, <-deaths, ErrPeerDied)
	said, err := io.ReadAll(read) // until the guest has ended
	require.NoError(t, err)
	require.Contains(t, string(said), "ended: "+ErrEvicted.Error())
	requireSoonClean(t, host, 1)
}

// claimed is an entry that a guest has claimed, with both ends of its doorbell.
func claimed(t *testing.T, host *Host) (id, epoch uint32, bell *doorbell, theirs *os.File) {
	t.Helper()
	bell, theirs, err := doorbellPair()
	require.NoError(t, err)
	id, epoch, err = host.reserve()
	require.NoError(t, err)
	require.True(t, host.seg.casWord(id, wordOf(layout.StateReserved, epoch), wordOf(layout.StateAttached, epoch)))
	return id, epoch, bell, theirs
}

func TestEntryIsNotReusedWhileSomethingHoldsTheDoorbell(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 1})
	id, epoch, bell, theirs := claimed(t, host)
	peer := &Peer{host: host, id: id, origin: joined, bell: bell}
	require.NoError(t, host.attached(peer))

	peer.Link().end(ErrPeerDied)
	<-peer.Done() // reported after a bound, though the other end is still open
	assert.Equal(t, wordOf(layout.StateGoodbye, epoch), host.seg.word(id))
	_, err := host.Spawn(program("echo"))
	assert.ErrorIs(t, err, ErrHubFull)
	require.NoError(t, theirs.Close())
	requireSoonClean(t, host, id)
}

// TestEntryThatIsTakenBackKeepsNobodyWaiting: a process that claimed its entry after it was
// given up may hold the doorbell for long.
func TestEntryThatIsTakenBackKeepsNobodyWaiting(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 1})
	id, epoch, bell, theirs := claimed(t, host)
	go host.takeBack(id, epoch, bell)
	for host.seg.word(id) != wordOf(layout.StateGoodbye, epoch) {
		runtime.Gosched()
	}
	_, _, recovered, err := host.tryReserve()
	assert.Nil(t, recovered, "nothing to wait for")
	assert.ErrorIs(t, err, ErrHubFull)
	require.NoError(t, theirs.Close())
	requireSoonClean(t, host, id)
}

// requireClean shows that an entry is as a new guest must find it.
func requireClean(t *testing.T, host *Host, id uint32) {
	t.Helper()
	seg := host.seg
	entry := seg.lay.peerEntry(id)
	require.EqualValues(t, layout.StateEmpty, seg.word(id).state())
	for off := entry + layout.OffPeerGuestToHostHead; off < entry+layout.OffPeerRingOffset; off += 4 {
		require.Zero(t, *seg.u32(off), "offset %d of the entry", off-entry)
	}
	require.Zero(t, *seg.peerU32(id, layout.OffPeerGuestFlags))
	require.EqualValues(t, layout.FlagKeeps|layout.FlagTable, *seg.peerU32(id, layout.OffPeerHostFlags))
	for _, pool := range []uint32{0, id} {
		free := 0
		for word := range seg.lay.PoolHeader / 8 {
			free += strings.Count(fmt.Sprintf("%b", *seg.u64(seg.lay.pool(pool) + 8*word)), "1")
		}
		require.EqualValues(t, seg.lay.SlotsPerGuest, free, "free slots of pool %d", pool)
	}
	for channel := range uint64(seg.lay.MaxChannels) {
		require.Zero(t, *seg.u64(seg.lay.channelTable(id) + layout.SizeChannel*channel), "channel %d", channel)
	}
}

// requireSoonClean waits for recovery, which goes on after Done when something held the
// guest's end until now.
func requireSoonClean(t *testing.T, host *Host, id uint32) {
	t.Helper()
	require.Eventually(t, func() bool { return host.seg.word(id).state() == layout.StateEmpty }, time.Minute, time.Millisecond)
	requireClean(t, host, id)
}
