package hosttest

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/internal/segmenttest"
)

// Reserve makes an entry ready for a guest: its epoch is one up.
func (h *Host) Reserve(id uint32) (epoch uint32) {
	epoch = h.Word(id).Epoch + 1
	h.SetWord(id, Word{layout.StateReserved, epoch})
	return epoch
}

// Ticket is what a spawned guest is told.
func (h *Host) Ticket(id, epoch uint32, doorbell int) []string {
	return []string{
		"--hub-path=" + h.path, fmt.Sprintf("--peer-id=%d", id), fmt.Sprintf("--doorbell-fd=%d", doorbell),
		fmt.Sprintf("--epoch=%d", epoch),
	}
}

// Doorbell is a pair of which one end is for a guest: of kind unix.SOCK_STREAM, or of
// SOCK_DGRAM as other implementations have.
func (h *Host) Doorbell(kind int) (ours int, theirs *os.File) {
	h.t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	require.NoError(h.t, err)
	h.t.Cleanup(func() { _ = unix.Close(fds[0]) })
	return fds[0], os.NewFile(uintptr(fds[1]), "doorbell of a guest")
}

// Command is a program with arguments put behind its own.
func Command(argv []string, more ...string) *exec.Cmd {
	return exec.Command(argv[0], append(argv[1:len(argv):len(argv)], more...)...)
}

// Spawn starts a program as guest 1, with the ticket behind its arguments, and waits for
// its claim.
func (h *Host) Spawn(argv ...string) *Guest {
	h.t.Helper()
	g := h.SpawnWith(unix.SOCK_STREAM, func(ticket []string) *exec.Cmd { return Command(argv, ticket...) })
	g.AwaitClaim()
	return g
}

// SpawnWith reserves entry 1, makes a doorbell of a kind and starts the command that is
// made for the ticket. Other implementations know no epoch in it.
func (h *Host) SpawnWith(kind int, command func(ticket []string) *exec.Cmd) *Guest {
	h.t.Helper()
	epoch := h.Reserve(1)
	bell, theirs := h.Doorbell(kind)
	defer theirs.Close()
	g := h.adopt(1, bell)
	ticket := h.Ticket(1, epoch, 3)
	if h.Foreign {
		ticket = ticket[:3]
	} else {
		g.SetFlags(Asleep)
	}
	cmd := command(ticket)
	cmd.ExtraFiles = []*os.File{theirs}
	g.Program = Start(h.t, cmd)
	return g
}

// AwaitClaim waits until the guest is attached: it rings then.
func (g *Guest) AwaitClaim() {
	g.t.Helper()
	epoch := g.Host.Word(g.ID).Epoch
	for n := 0; n == 0; {
		g.awaitBell()
		if n, g.hungUp = g.Rings(); g.hungUp && n == 0 {
			g.Exited()
			g.fatal("it is gone without having attached")
		}
	}
	require.Equal(g.t, Word{layout.StateAttached, epoch}, g.Host.Word(g.ID))
}

// Answer is the host's answer to a guest that joins.
func Answer(peer, status uint16, epoch uint32) []byte {
	b := make([]byte, layout.SizeJoin)
	copy(b, layout.JoinMagic)
	binary.LittleEndian.PutUint16(b[layout.OffJoinPeerID:], peer)
	binary.LittleEndian.PutUint16(b[layout.OffJoinStatus:], status)
	binary.LittleEndian.PutUint32(b[layout.OffJoinEpoch:], epoch)
	return b
}

// Joining starts a program that is to join by a socket, whose path is put behind its
// arguments, and gives the connection on which it waits for an answer.
func (h *Host) Joining(argv ...string) (*Program, *net.UnixConn) {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), "join")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(h.t, err)
	defer l.Close()
	p := Start(h.t, Command(argv, path))
	require.NoError(h.t, l.SetDeadline(time.Now().Add(guard)))
	conn, err := l.AcceptUnix()
	require.NoError(h.t, err)
	h.t.Cleanup(func() { _ = conn.Close() })
	return p, conn
}

// Admit answers a guest that joins, with the segment.
func (h *Host) Admit(conn *net.UnixConn, answer []byte) {
	h.t.Helper()
	_, _, err := conn.WriteMsgUnix(answer, unix.UnixRights(int(h.file.Fd())), nil)
	require.NoError(h.t, err)
}

// Join starts a program that joins as guest 1, and waits for its claim.
func (h *Host) Join(argv ...string) *Guest {
	h.t.Helper()
	p, conn := h.Joining(argv...)
	epoch := h.Reserve(1)
	raw, err := conn.File() // a duplicate: the connection is closed with the test
	require.NoError(h.t, err)
	h.t.Cleanup(func() { _ = raw.Close() })
	g := h.adopt(1, int(raw.Fd()))
	g.Program = p
	atomic.StoreUint32(g.word(layout.OffPeerGuestFlags), layout.FlagKeeps|layout.FlagTable)
	g.SetFlags(Asleep)
	h.Admit(conn, Answer(1, layout.JoinJoined, epoch))
	g.AwaitClaim()
	return g
}

// WalkUp starts a program that walks up, the path being put behind its arguments, and
// waits until it has an entry. The host has no doorbell then: it sleeps on words.
func (h *Host) WalkUp(id uint32, argv ...string) *Guest {
	h.t.Helper()
	g := h.adopt(id, -1)
	before := h.Word(id)
	if !h.Foreign {
		g.SetFlags(onWords)
	}
	g.Program = Start(h.t, Command(argv, h.path))
	state := h.U32(segmenttest.Entry(id) + layout.OffPeerState)
	for {
		switch now := h.Word(id); {
		case now == Word{layout.StateAttached, before.Epoch + 1}:
			return g
		case now != before && now != Word{layout.StateReserved, before.Epoch + 1}:
			g.fatal("its entry was %+v before", before)
		case !g.Running():
			g.fatal("it is gone without having attached")
		default:
			engine.Sleep([]engine.Wait{engine.WaitShared(state, now.State), engine.WaitPrivate(&g.Program.ended, 0)}, guard)
		}
	}
}

// SleepOnState sleeps on the state of an entry until it is woken, and is about to when it
// closes asleep. Only a wake ends the sleep.
func (h *Host) SleepOnState(id, state uint32, asleep, woken chan<- struct{}) {
	word := h.U32(segmenttest.Entry(id) + layout.OffPeerState)
	close(asleep)
	for began := time.Now(); atomic.LoadUint32(word) == state; {
		engine.Sleep([]engine.Wait{engine.WaitShared(word, state)}, guard)
		if time.Since(began) >= guard {
			h.t.Errorf("nobody has woken the state of entry %d for %v", id, guard)
			break
		}
	}
	close(woken)
}
