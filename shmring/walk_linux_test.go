package shmring

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// smallHost is a host with a path whose segment is cheap to map often.
func smallHost(t *testing.T, guests uint32, deaths chan death) *Host {
	return newHost(t, Config{
		Path: filepath.Join(t.TempDir(), "segment"), MaxGuests: guests,
		RingSize: 4, SlotSize: 256, SlotsPerGuest: 2, MaxChannels: 8, OnDeath: onDeath(deaths),
	})
}

func TestWalkUpGuestIsAcceptedAndLeaves(t *testing.T) {
	deaths := make(chan death, 1)
	host := smallHost(t, 2, deaths)
	walker := run(t, program("walk", host.Path()))
	peer, err := host.Accept(t.Context())
	require.NoError(t, err)
	require.Equal(t, "attached 1", walker.line())
	assert.Zero(t, peer.Pid())
	assert.Error(t, peer.Kill())
	requireEcho(t, peer.Link())
	go drive(peer.Link())
	require.NoError(t, host.Close())
	require.Equal(t, "ended: "+ErrHostLeaving.Error(), walker.line())
	assert.ErrorIs(t, (<-deaths).cause, ErrPeerLeft)
}

func TestKilledWalkUpGuestIsNoticedByItsLock(t *testing.T) {
	deaths := make(chan death, 1)
	host := smallHost(t, 1, deaths)
	walker := run(t, program("walk", host.Path()))
	peer, err := host.Accept(t.Context())
	require.NoError(t, err)
	requireEcho(t, peer.Link())
	epoch := host.seg.word(1).epoch()
	go drive(peer.Link())
	require.NoError(t, walker.cmd.Process.Kill())
	got := <-deaths
	assert.ErrorIs(t, got.cause, ErrPeerDied)
	assert.ErrorContains(t, got.cause, "lock")
	requireClean(t, host, 1)
	assert.Equal(t, epoch, host.seg.word(1).epoch())
}

func TestGuestThatClosesLeavesInOrder(t *testing.T) {
	deaths := make(chan death, 1)
	host := smallHost(t, 1, deaths)
	for range 3 {
		guest, err := Attach(host.Path())
		require.NoError(t, err)
		peer, err := host.Accept(t.Context())
		require.NoError(t, err)
		require.NoError(t, guest.Close())
		require.NoError(t, guest.Close(), "again")
		<-peer.Done()
		assert.ErrorIs(t, (<-deaths).cause, ErrPeerLeft)
		requireClean(t, host, 1)
	}
}

func TestHubWithEveryEntryInUseIsFull(t *testing.T) {
	deaths := make(chan death, 300)
	host := smallHost(t, 255, deaths)
	var guests []*Guest
	for range 255 {
		guest, err := Attach(host.Path())
		require.NoError(t, err)
		guests = append(guests, guest)
	}
	_, err := Attach(host.Path())
	require.ErrorIs(t, err, ErrHubFull)
	require.ErrorContains(t, err, "all 255 entries")
	_, err = host.Spawn(program("echo"))
	require.ErrorIs(t, err, ErrHubFull)
	require.Eventually(t, func() bool { return len(host.Peers()) == 255 }, time.Minute, time.Millisecond)
	for _, guest := range guests {
		go guest.Close()
	}
	for range guests {
		assert.ErrorIs(t, (<-deaths).cause, ErrPeerLeft)
	}
	for id := uint32(1); id <= 255; id++ {
		requireClean(t, host, id)
	}
}

// A guest that died between taking the entry and attaching leaves it Reserved, with
// nobody's lock.
func TestEntryOfAGuestThatDiedWhileAttachingIsRecovered(t *testing.T) {
	host := smallHost(t, 1, nil)
	held, err := openPath(host.Path())
	require.NoError(t, err)
	require.NoError(t, lockByte(held.file, 1))
	epoch := held.word(1).epoch()
	require.True(t, held.casWord(1, wordOf(layout.StateEmpty, epoch), wordOf(layout.StateReserved, epoch+1)))
	held.setGuestFlags(1)
	host.lookAround()
	require.Equal(t, wordOf(layout.StateReserved, epoch+1), host.seg.word(1), "its lock is held")
	require.NoError(t, held.close())
	host.lookAround()
	requireClean(t, host, 1)
	require.Equal(t, epoch+1, host.seg.word(1).epoch())
	guest, err := Attach(host.Path())
	require.NoError(t, err)
	require.NoError(t, guest.Close())
}

// foreignGuest is a version 1 guest of another implementation on a mapping of its own:
// no lock, no flags; it moves the state alone, and raises the epoch after it.
func foreignGuest(t *testing.T, host *Host, id uint32) *segment {
	t.Helper()
	seg, err := openPath(host.Path())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, seg.close()) })
	require.True(t, atomic.CompareAndSwapUint32(seg.peerU32(id, layout.OffPeerState), layout.StateEmpty, layout.StateAttached))
	return seg
}

func TestForeignWalkUpGuestIsAcceptedAndItsEpochRaisedLater(t *testing.T) {
	deaths := make(chan death, 1)
	host := smallHost(t, 1, deaths)
	guest := foreignGuest(t, host, 1)
	peer, err := host.Accept(t.Context())
	require.NoError(t, err)
	require.True(t, peer.Link().Foreign())
	host.lookAround()
	atomic.AddUint32(guest.peerU32(1, layout.OffPeerEpoch), 1)
	host.lookAround()
	require.NoError(t, peer.Link().Err(), "one raise is the same guest")

	atomic.StoreUint32(guest.peerU32(1, layout.OffPeerState), layout.StateGoodbye)
	go drive(peer.Link())
	assert.ErrorIs(t, (<-deaths).cause, ErrPeerLeft)
	requireClean(t, host, 1)
	assert.EqualValues(t, 1, host.seg.word(1).epoch())
}

func TestForeignGuestWithAnotherEpochIsAnotherGuest(t *testing.T) {
	deaths := make(chan death, 1)
	host := smallHost(t, 1, deaths)
	guest := foreignGuest(t, host, 1)
	atomic.AddUint32(guest.peerU32(1, layout.OffPeerEpoch), 1)
	_, err := host.Accept(t.Context())
	require.NoError(t, err)
	atomic.AddUint32(guest.peerU32(1, layout.OffPeerEpoch), 1)
	got := <-deaths
	require.ErrorIs(t, got.cause, ErrPeerDied)
	require.ErrorContains(t, got.cause, "epoch 2")
	require.EqualValues(t, layout.StateGoodbye, host.seg.word(1).state(), "nothing shows that it is gone")
}

// A foreign guest that came and went between two looks is given its time as well.
func TestForeignGuestThatCameAndWentIsRecovered(t *testing.T) {
	host := smallHost(t, 1, nil)
	guest := foreignGuest(t, host, 1)
	host.mu.Lock()
	atomic.StoreUint32(guest.peerU32(1, layout.OffPeerState), layout.StateGoodbye)
	host.look(1)
	require.EqualValues(t, layout.StateGoodbye, host.seg.word(1).state())
	host.places[0].stray = time.Now().Add(-2 * strayTime)
	host.look(1)
	host.mu.Unlock()
	requireClean(t, host, 1)
}

func TestAttachToALeavingHostIsRefused(t *testing.T) {
	host := smallHost(t, 1, nil)
	atomic.StoreUint32(host.seg.u32(layout.OffHeaderHostGoodbye), 1)
	_, err := Attach(host.Path())
	require.ErrorIs(t, err, ErrHostLeaving)
}

// Who needs no look at the table is not woken for one.
func TestOnlyPathsAndHeartbeatsArePolled(t *testing.T) {
	for _, c := range []struct {
		config Config
		every  time.Duration
	}{
		{Config{}, 0},
		{Config{Path: "/hub"}, lookInterval},
		{Config{Path: "/hub", HeartbeatInterval: time.Hour}, lookInterval},
		{Config{HeartbeatInterval: time.Millisecond}, lookInterval},
		{Config{HeartbeatInterval: time.Second}, 500 * time.Millisecond},
		{Config{HeartbeatInterval: time.Hour}, time.Second},
	} {
		assert.Equal(t, c.every, (&Host{cfg: c.config}).patrolInterval(), "%+v", c.config)
	}
}
