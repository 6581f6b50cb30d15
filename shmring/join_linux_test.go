package shmring

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/leaktest"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// listening is a host with a socket.
func listening(t *testing.T, cfg Config) (*Host, string) {
	t.Helper()
	host := newHost(t, cfg)
	socket := filepath.Join(t.TempDir(), "socket")
	require.NoError(t, host.Listen(socket))
	return host, socket
}

func TestJoinedGuestIsAcceptedAndLeaves(t *testing.T) {
	deaths := make(chan death, 1)
	host, socket := listening(t, Config{OnDeath: onDeath(deaths)})
	joiner := run(t, program("join", socket))
	peer, err := host.Accept(t.Context())
	require.NoError(t, err)
	require.Equal(t, "attached 1", joiner.line())
	assert.Equal(t, joiner.cmd.Process.Pid, peer.Pid())
	requireEcho(t, peer.Link())
	require.False(t, peer.Link().Foreign())
	go drive(peer.Link())
	require.NoError(t, host.Close())
	require.Equal(t, "ended: "+ErrHostLeaving.Error(), joiner.line())
	assert.ErrorIs(t, (<-deaths).cause, ErrPeerLeft)
	assert.ErrorIs(t, peer.Wait(), ErrPeerLeft)
	assert.NoFileExists(t, socket)
}

func TestKilledJoinedGuestIsRecovered(t *testing.T) {
	deaths := make(chan death, 1)
	host, socket := listening(t, Config{MaxGuests: 1, OnDeath: onDeath(deaths)})
	joiner := run(t, program("join", socket))
	peer, err := host.Accept(t.Context())
	require.NoError(t, err)
	requireEcho(t, peer.Link())
	go drive(peer.Link())
	require.NoError(t, joiner.cmd.Process.Kill())
	assert.ErrorIs(t, (<-deaths).cause, ErrPeerDied)
	requireClean(t, host, 1)
}

func TestSocketIsPrivate(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	_, socket := listening(t, Config{})
	info, err := os.Stat(socket)
	require.NoError(t, err)
	assert.EqualValues(t, 0o600, info.Mode().Perm())
}

func TestJoinOfAFullHub(t *testing.T) {
	host, socket := listening(t, Config{MaxGuests: 1})
	guest, err := Join(t.Context(), socket)
	require.NoError(t, err)
	_, err = Join(t.Context(), socket)
	require.ErrorIs(t, err, ErrHubFull)
	require.NoError(t, guest.Close())
	requireSoonClean(t, host, 1)
}

// TestEntryOfAGuestThatLeftIsFree comes again the moment that the last guest has left,
// before the host can have seen that.
func TestEntryOfAGuestThatLeftIsFree(t *testing.T) {
	_, socket := listening(t, Config{MaxGuests: 1})
	for range 200 {
		guest, err := Join(t.Context(), socket)
		require.NoError(t, err)
		require.NoError(t, guest.Close())
	}
}

// TestEntryOfAGuestThatDiedIsFree starts the next guest the moment that the last has died.
func TestEntryOfAGuestThatDiedIsFree(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 1})
	for range 5 {
		cmd := program("echo")
		peer, err := host.Spawn(cmd)
		require.NoError(t, err)
		require.NoError(t, peer.Kill())
		<-peer.custody.link.Done()
	}
}

func TestHookDecidesWhoJoins(t *testing.T) {
	asked := make(chan Credentials, 1)
	_, socket := listening(t, Config{Authorize: func(who Credentials) error {
		asked <- who
		return errors.New("not today")
	}})
	_, err := Join(t.Context(), socket)
	require.ErrorIs(t, err, ErrRefused)
	who := <-asked
	assert.Equal(t, os.Getpid(), who.Pid)
	assert.EqualValues(t, os.Geteuid(), who.Uid)
	assert.EqualValues(t, os.Getegid(), who.Gid)
}

func TestOnlyTheHostsUserJoinsByDefault(t *testing.T) {
	host := &Host{}
	assert.NoError(t, host.authorize(Credentials{Uid: uint32(os.Geteuid())}))
	assert.Error(t, host.authorize(Credentials{Uid: uint32(os.Geteuid()) + 1}))
}

func TestJoinOfALeavingHost(t *testing.T) {
	host, socket := listening(t, Config{})
	deaf := program("deaf")
	_, err := host.Spawn(deaf) // holds up the leaving
	require.NoError(t, err)
	ctx, force := context.WithCancel(t.Context())
	shut := make(chan error)
	go func() { shut <- host.Shutdown(ctx) }()
	<-host.leaving
	_, err = Join(t.Context(), socket)
	require.ErrorIs(t, err, ErrHostLeaving)
	force()
	require.ErrorIs(t, <-shut, context.Canceled)
	require.NotNil(t, deaf.ProcessState, "killed and waited for")
	_, err = Join(t.Context(), socket)
	require.ErrorIs(t, err, ErrNoHost)
}

func TestJoinWhereNobodyAnswers(t *testing.T) {
	leaktest.Check(t)
	folder := t.TempDir()
	_, err := Join(t.Context(), filepath.Join(folder, "none"))
	require.ErrorIs(t, err, ErrNoHost)

	mute, err := net.Listen("unix", filepath.Join(folder, "mute"))
	require.NoError(t, err)
	defer mute.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = Join(ctx, mute.Addr().String())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	conn, err := mute.Accept() // the one that gave up
	require.NoError(t, err)
	require.NoError(t, conn.Close())

	for name, answer := range map[string][]byte{
		"nothing": {}, "short": []byte("RAPJ"), "magic": []byte("HTTP/1.1 400 Bad"),
		"descriptor": joinAnswer{1, layout.JoinJoined, 1}.bytes(),
		"peer_id":    joinAnswer{0, layout.JoinJoined, 1}.bytes(),
		"status":     joinAnswer{0, 9, 1}.bytes(),
	} {
		go func() {
			conn, err := mute.Accept()
			if err == nil {
				conn.Write(answer)
				conn.Close()
			}
		}()
		_, err = Join(t.Context(), mute.Addr().String())
		var bound *BoundError
		if errors.As(err, &bound) {
			require.Equal(t, name, bound.Field)
		} else {
			require.ErrorIs(t, err, ErrNoHost, name)
		}
	}
}

// claimless connects and takes the answer, and the descriptor with it, without a claim.
func claimless(t *testing.T, socket string) (*net.UnixConn, joinAnswer) {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	require.NoError(t, err)
	answer, file, err := receiveAnswer(t.Context(), conn.(*net.UnixConn))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	return conn.(*net.UnixConn), answer
}

func TestJoinThatIsNotClaimedIsTakenBackWhenItCloses(t *testing.T) {
	host, socket := listening(t, Config{MaxGuests: 1})
	conn, answer := claimless(t, socket)
	require.EqualValues(t, 1, answer.peer)
	require.Equal(t, wordOf(layout.StateReserved, answer.epoch), host.seg.word(1))
	require.EqualValues(t, layout.FlagKeeps|layout.FlagTable, *host.seg.peerU32(1, layout.OffPeerGuestFlags))
	require.NoError(t, conn.Close())
	requireSoonClean(t, host, 1)
}

func TestJoinThatStaysSilentIsTakenBack(t *testing.T) {
	host, socket := listening(t, Config{MaxGuests: 1, AttachTimeout: 50 * time.Millisecond})
	conn, answer := claimless(t, socket)
	defer conn.Close()
	requireSoonClean(t, host, 1)
	_, err := conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "the guest is told")
	seg, err := openPath(host.Path())
	require.NoError(t, err)
	late := &Guest{seg: seg, id: uint32(answer.peer)}
	require.ErrorIs(t, late.claimJoined(answer.epoch), ErrClaim)
	require.NoError(t, seg.close())
}

func TestDeadHostIsNoticedByTheConnection(t *testing.T) {
	leaktest.Check(t)
	folder := t.TempDir()
	segment, socket := filepath.Join(folder, "segment"), filepath.Join(folder, "socket")
	host := run(t, program("host", segment, socket))
	require.Equal(t, "serving "+segment, host.line())
	guest, err := Join(t.Context(), socket)
	require.NoError(t, err)
	defer func() { assert.NoError(t, guest.Close()) }()
	require.NoError(t, host.cmd.Process.Kill())
	require.ErrorIs(t, echo(guest.Link()), ErrPeerDied)

	// The guest still has the segment open and mapped, and yet nothing keeps the next
	// host from path and socket.
	_ = host.cmd.Wait()
	next, err := Create(Config{Path: segment})
	require.NoError(t, err)
	require.NoError(t, next.Listen(socket))
	another, err := Join(t.Context(), socket)
	require.NoError(t, err)
	require.NoError(t, another.Close())
	require.NoError(t, next.Close())
}

func TestSocketInUseIsRefusedAndLeftAlone(t *testing.T) {
	host, socket := listening(t, Config{})
	require.ErrorIs(t, host.Listen(socket), ErrInUse)
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte("notes"), 0o600))
	require.ErrorIs(t, host.Listen(text), ErrInUse)
	require.FileExists(t, text)
	require.Error(t, host.Listen(""))
	require.ErrorIs(t, host.Listen("/nonexistent/folder/socket"), os.ErrNotExist)
	guest, err := Join(t.Context(), socket)
	require.NoError(t, err, "the one that listens goes on")
	require.NoError(t, guest.Close())
}

func TestOneHostListensAtSeveralSockets(t *testing.T) {
	host, first := listening(t, Config{})
	second := filepath.Join(t.TempDir(), "second")
	require.NoError(t, host.Listen(second))
	for _, socket := range []string{first, second} {
		guest, err := Join(t.Context(), socket)
		require.NoError(t, err)
		peer, err := host.Accept(t.Context())
		require.NoError(t, err)
		assert.Equal(t, guest.ID(), peer.ID())
		require.NoError(t, guest.Close())
		<-peer.Done()
	}
}

func TestAcceptEnds(t *testing.T) {
	host := newHost(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := host.Accept(ctx)
	require.ErrorIs(t, err, context.Canceled)
	ended := make(chan error)
	go func() {
		_, err := host.Accept(context.Background())
		ended <- err
	}()
	require.NoError(t, host.Close())
	require.ErrorIs(t, <-ended, ErrClosed)
	require.NoError(t, host.Close(), "again")
	require.ErrorIs(t, host.Listen(filepath.Join(t.TempDir(), "socket")), ErrClosed)
}
