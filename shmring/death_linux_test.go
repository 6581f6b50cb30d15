package shmring

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/leaktest"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// death is what OnDeath was told.
type death struct {
	peer  uint32
	cause error
}

func onDeath(deaths chan death) func(uint32, error) {
	return func(peer uint32, cause error) { deaths <- death{peer, cause} }
}

func TestKilledGuestIsRecoveredAndOthersGoOn(t *testing.T) {
	deaths := make(chan death, 8)
	host := newHost(t, Config{MaxGuests: 2, OnDeath: onDeath(deaths)})
	victim, err := host.Spawn(program("echo"))
	require.NoError(t, err)
	other, err := host.Spawn(program("echo"))
	require.NoError(t, err)
	requireEcho(t, victim.Link())
	requireEcho(t, other.Link())

	require.NoError(t, victim.Kill())
	_, err = call(victim.Link(), 7, "anyone?")
	require.ErrorIs(t, err, ErrPeerDied)
	require.NoError(t, victim.Link().Leave(t.Context(), ""))
	<-victim.Done()
	got := <-deaths
	assert.Equal(t, victim.ID(), got.peer)
	assert.ErrorIs(t, got.cause, ErrPeerDied)
	assert.ErrorContains(t, got.cause, "signal: killed")
	assert.Equal(t, got.cause, victim.Err())
	assert.Error(t, victim.Wait())
	requireClean(t, host, victim.ID())

	requireEcho(t, other.Link())
	next, err := host.Spawn(program("echo"))
	require.NoError(t, err)
	assert.Equal(t, victim.ID(), next.ID())
	requireEcho(t, next.Link())
	assert.Empty(t, deaths, "once for each guest")
}

// Nothing but the host itself watches here: no driver has taken the link.
func TestDeathIsNoticedWithoutADriver(t *testing.T) {
	deaths := make(chan death, 1)
	host := newHost(t, Config{MaxGuests: 1, OnDeath: onDeath(deaths)})
	peer, err := host.Spawn(program("deserter"))
	require.NoError(t, err)
	got := <-deaths
	assert.ErrorIs(t, got.cause, ErrPeerDied)
	assert.ErrorContains(t, got.cause, "exit status 7")
	requireClean(t, host, peer.ID())
}

func TestDeathCallbackMaySpawnTheNextGuest(t *testing.T) {
	next := make(chan *Peer, 1)
	var host *Host
	var deaths atomic.Int32
	host = newHost(t, Config{MaxGuests: 1, OnDeath: func(uint32, error) {
		if deaths.Add(1) > 1 {
			return
		}
		peer, err := host.Spawn(program("echo"))
		assert.NoError(t, err)
		next <- peer
	}})
	_, err := host.Spawn(program("deserter"))
	require.NoError(t, err)
	requireEcho(t, (<-next).Link())
}

// What lies in the ring when the guest dies is received, then the end.
func TestMessagesOfADeadGuestAreReceivedFirst(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 1})
	peer, err := host.Spawn(program("echo"))
	require.NoError(t, err)
	link := peer.Link()
	require.NoError(t, send1(link, &Message{Type: MsgRequest, ID: 1, Payload: []byte("last words")}))
	for link.RecvHead() == 0 { // the answer lies there, not received
		awaitKind(link, KindMessages, link.Pending)
	}
	require.NoError(t, peer.Kill())
	<-link.Done()
	batch := NewBatch(4)
	n, err := link.Receive(batch)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	assert.Equal(t, "last words", string(batch.Messages[0].Payload))
	n, err = link.Receive(batch)
	assert.Zero(t, n)
	assert.ErrorIs(t, err, ErrPeerDied)
	require.NoError(t, link.Leave(t.Context(), ""))
	<-peer.Done()
	requireClean(t, host, 1)
}

func TestDeathUnderLoadLeavesTheEntryClean(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 2, SlotSize: 256, SlotsPerGuest: 3, RingSize: 4})
	for range 20 {
		peer, err := host.Spawn(program("echo"))
		require.NoError(t, err)
		link := peer.Link()
		kill := time.AfterFunc(time.Duration(rand.IntN(int(3*time.Millisecond))), func() { peer.Kill() })
		for id := uint32(1); err == nil; id++ {
			link.Activate(1+2*(id%100), 100)
			_, err = call(link, id, strings.Repeat("x", 200))
		}
		require.ErrorIs(t, err, ErrPeerDied)
		kill.Stop()
		require.NoError(t, link.Leave(t.Context(), ""))
		<-peer.Done()
		requireClean(t, host, peer.ID())
	}
}

func TestStoppedGuestDoesNotHoldUpOthers(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 2})
	stopped, err := host.Spawn(program("echo"))
	require.NoError(t, err)
	other, err := host.Spawn(program("echo"))
	require.NoError(t, err)
	stop(t, stopped)
	requireEcho(t, other.Link())
	require.NoError(t, stopped.Link().Err(), "a stopped guest is not dead")
	require.NoError(t, syscall.Kill(stopped.Pid(), syscall.SIGCONT))
	requireEcho(t, stopped.Link())
}

// stop stops a spawned guest and waits until it stands still.
func stop(t *testing.T, peer *Peer) {
	t.Helper()
	require.NoError(t, syscall.Kill(peer.Pid(), syscall.SIGSTOP))
	require.Eventually(t, func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", peer.Pid()))
		return err == nil && strings.Contains(string(stat), ") T ")
	}, time.Minute, time.Millisecond)
}

// A guest that is silent for two intervals is dead to its callers, but its memory is
// nobody else's while it may wake up again.
func TestStaleHeartbeatFailsCallsAndKeepsTheEntry(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 1, HeartbeatInterval: 500 * time.Millisecond})
	peer, err := host.Spawn(program("echo"))
	require.NoError(t, err)
	link := peer.Link()
	requireEcho(t, link)
	first := atomic.LoadUint64(host.seg.beat(1))
	require.NotZero(t, first)
	require.Eventually(t, func() bool { return atomic.LoadUint64(host.seg.beat(1)) > first }, time.Minute, time.Millisecond)

	stop(t, peer)
	_, err = call(link, 9, "asleep?")
	require.ErrorIs(t, err, ErrPeerDied)
	require.ErrorContains(t, err, "no heartbeat")
	require.NoError(t, link.Leave(t.Context(), ""))
	<-peer.Done()
	require.EqualValues(t, layout.StateGoodbye, host.seg.word(1).state())
	require.NoError(t, syscall.Kill(peer.Pid(), syscall.SIGCONT)) // it finds itself evicted and leaves
	require.NoError(t, peer.Wait())
	requireSoonClean(t, host, 1)
}

func TestHeartbeatRules(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 1, HeartbeatInterval: time.Hour})
	const interval = uint64(time.Hour)
	now := monotonic()
	for _, c := range []struct {
		name   string
		beat   uint64
		seen   uint64
		silent bool
	}{
		{"fresh", now, now - 9*interval, false},
		{"two intervals", now - 2*interval + uint64(time.Minute), 0, false},
		{"over two intervals", now - 2*interval - uint64(time.Minute), now, true},
		{"never, attached just now", 0, now, false},
		{"never, attached long ago", 0, now - 3*interval, true},
		{"in the future", now + 100*interval, now - 9*interval, false},
		{"wall clock", uint64(time.Now().UnixNano()), now - 9*interval, false},
	} {
		*host.seg.beat(1) = c.beat
		assert.Equal(t, c.silent, host.silent(&Peer{id: 1, seen: c.seen}), c.name)
	}
}

func TestDeadHostIsNoticedByTheDoorbell(t *testing.T) {
	host := run(t, program("host", ""))
	require.Contains(t, host.line(), "serving /proc/")
	require.Equal(t, "attached 1", host.line()) // said by the guest
	require.NoError(t, host.cmd.Process.Kill())
	require.Equal(t, "ended: "+ErrPeerDied.Error(), host.line())
}

func TestDeadHostIsNoticedByItsLockAfterAWalkUp(t *testing.T) {
	leaktest.Check(t)
	host := run(t, program("host", t.TempDir()+"/segment"))
	path := strings.TrimPrefix(host.line(), "serving ")
	guest, err := Attach(path)
	require.NoError(t, err)
	require.NoError(t, host.cmd.Process.Kill())
	<-guest.custody.link.Done() // no driver has taken it
	require.ErrorIs(t, guest.Link().Err(), ErrPeerDied)
	require.NoError(t, guest.Close())
}

// A guest that writes what it likes into its entry ends itself alone.
func TestGuestThatWritesItsStateIsEnded(t *testing.T) {
	for name, word := range map[string]func(epoch uint32) entryWord{
		"epoch":    func(e uint32) entryWord { return wordOf(layout.StateAttached, e+7) },
		"empty":    func(e uint32) entryWord { return wordOf(layout.StateEmpty, e) },
		"reserved": func(e uint32) entryWord { return wordOf(layout.StateReserved, e+1) },
		"garbage":  func(e uint32) entryWord { return wordOf(77, e) },
	} {
		t.Run(name, func(t *testing.T) {
			deaths := make(chan death, 4)
			host := newHost(t, Config{Path: t.TempDir() + "/segment", MaxGuests: 2, OnDeath: onDeath(deaths)})
			guest, err := Attach(host.Path())
			require.NoError(t, err)
			_, err = host.Accept(t.Context())
			require.NoError(t, err)
			other, err := host.Spawn(program("echo"))
			require.NoError(t, err)
			epoch := host.seg.word(guest.ID()).epoch()
			host.seg.setWord(guest.ID(), word(epoch))
			<-guest.custody.link.Done() // no driver has taken it
			require.NoError(t, guest.Close())
			assert.Equal(t, guest.ID(), (<-deaths).peer)
			requireSoonClean(t, host, guest.ID())
			assert.Equal(t, epoch, host.seg.word(guest.ID()).epoch(), "the host's own knowledge stays")
			requireEcho(t, other.Link())
		})
	}
}

func TestSizeOfTheMemfdIsSealed(t *testing.T) {
	host := newHost(t, Config{})
	guest, err := openPath(host.Path())
	require.NoError(t, err)
	defer guest.close()
	for _, size := range []int64{0, 4096, int64(host.seg.lay.Total) - 1, int64(host.seg.lay.Total) + 1} {
		require.ErrorIs(t, guest.file.Truncate(size), unix.EPERM)
	}
	_, err = unix.FcntlInt(guest.file.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE)
	require.ErrorIs(t, err, unix.EPERM)
	info, err := guest.file.Stat()
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
}
