package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/hosttest"
	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/internal/segmenttest"
)

// ours are the flags of a guest that keeps flags and table.
const ours = layout.FlagKeeps | layout.FlagTable

// spawnWith has a host with a ticket start a guest program as a command says.
func spawnWith(h *hosttest.Host, command func(ticket []string) *exec.Cmd) *hosttest.Guest {
	h.Channels = channelsOf
	return h.SpawnWith(unix.SOCK_STREAM, command)
}

// leaves has a guest that is attached answer and leave.
func leaves(t *testing.T, g *hosttest.Guest) {
	t.Helper()
	requireUnharmed(t, g)
	g.Leave()
	g.RequireSuccess()
}

// beat is where a guest's heartbeat lies.
func beat(h *hosttest.Host, peer uint32) *uint64 {
	return h.U64(segmenttest.Entry(peer) + layout.OffPeerLastHeartbeat)
}

func flagsOf(h *hosttest.Host, peer uint32) uint32 {
	return atomic.LoadUint32(h.U32(segmenttest.Entry(peer) + layout.OffPeerGuestFlags))
}

// How a spawned guest attaches.
var _ = register(map[string]rawCase{
	"flags and heartbeat stand before the claim": {attach: func(t *testing.T, guest []string) {
		for range 5 {
			h := hosttest.New(t, hosttest.Config{Heartbeat: 1 << 40})
			g := spawnWith(h, func(ticket []string) *exec.Cmd {
				return hosttest.Command(append(guest, "-ticket"), ticket...)
			})
			for h.Word(1).State == layout.StateReserved && g.Running() { // looks as often as it can
			}
			flags, beat := flagsOf(h, 1), atomic.LoadUint64(beat(h, 1))
			g.AwaitClaim()
			require.EqualValues(t, ours, flags&ours)
			require.NotZero(t, beat)
			leaves(t, g)
		}
	}},
	"guest starts where its entry stands, and clears nothing": {attach: func(t *testing.T, guest []string) {
		h := hosttest.New(t, hosttest.Config{Start: nearWrap})
		base, _ := h.Pool(1)
		atomic.AndUint64(h.U64(base), ^uint64(1)) // slot 0 is out
		table := *h.U64(segmenttest.Entry(1) + layout.OffPeerChannelTableOffset)
		*h.U32(table + 5*layout.SizeChannel + layout.OffChannelGrantedTotal) = 77
		g := h.Spawn(append(guest, "-ticket")...)
		for id := range uint32(200) {
			g.Send(g.Call(id+1, methodBytes, item100))
			g.RequireResult(id+1, item100)
		}
		require.Less(t, h.Indices(1)[0], uint32(nearWrap), "the ring did not get past 2^32")
		assert.EqualValues(t, 77, g.Granted(5))
		assert.Zero(t, atomic.LoadUint64(h.U64(base))&1, "it was not the guest's to free")
		assert.Equal(t, hosttest.Word{State: layout.StateAttached, Epoch: 1}, h.Word(1))
		atomic.OrUint64(h.U64(base), 1)
		leaves(t, g)
	}},
	"claim wakes the state word": {attach: func(t *testing.T, guest []string) {
		h := hosttest.New(t, hosttest.Config{})
		woken := make(chan struct{})
		asleep := make(chan struct{})
		g := spawnWith(h, func(ticket []string) *exec.Cmd {
			go h.SleepOnState(1, layout.StateReserved, asleep, woken)
			<-asleep
			return hosttest.Command(append(guest, "-ticket"), ticket...)
		})
		<-woken
		g.AwaitClaim()
		leaves(t, g)
	}},
	"ticket in the environment": {attach: func(t *testing.T, guest []string) {
		g := spawnWith(hosttest.New(t, hosttest.Config{}), func(ticket []string) *exec.Cmd {
			cmd := hosttest.Command(guest, "-ticket", "something", "else")
			cmd.Env = append(os.Environ(), environ(ticket)...)
			return cmd
		})
		g.AwaitClaim()
		leaves(t, g)
	}},
	"arguments win over the environment, the last over others": {attach: func(t *testing.T, guest []string) {
		g := spawnWith(hosttest.New(t, hosttest.Config{}), func(ticket []string) *exec.Cmd {
			cmd := hosttest.Command(append(guest, "-ticket", "--peer-id=2", "--peer-idle=7", "--epoch=nine"), ticket...)
			cmd.Env = append(os.Environ(), "ROAM_HUB_PATH=/nowhere", "ROAM_PEER_ID=99", "ROAM_DOORBELL_FD=1", "ROAM_EPOCH=99")
			return cmd
		})
		g.AwaitClaim()
		leaves(t, g)
	}},
	"ticket without an epoch": {attach: func(t *testing.T, guest []string) {
		g := spawnWith(hosttest.New(t, hosttest.Config{}), func(ticket []string) *exec.Cmd {
			return hosttest.Command(append(guest, "-ticket"), ticket[:3]...)
		})
		g.AwaitClaim()
		leaves(t, g)
	}},
	"doorbell is closed on exec": {play: func(t *testing.T, g *hosttest.Guest) {
		info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/3", g.Pid()))
		require.NoError(t, err)
		var pos, flags int
		_, err = fmt.Sscanf(string(info), "pos: %d\nflags: %o", &pos, &flags)
		require.NoError(t, err, "%s", info)
		assert.NotZero(t, flags&unix.O_CLOEXEC)
	}},
	"heart beats, busy or not": {
		config: hosttest.Config{Heartbeat: 2_000_000},
		play: func(t *testing.T, g *hosttest.Guest) {
			for range 5 {
				last := atomic.LoadUint64(beat(g.Host, 1))
				var now unix.Timespec
				require.NoError(t, unix.ClockGettime(unix.CLOCK_MONOTONIC, &now))
				require.LessOrEqual(t, last, uint64(now.Nano()), "it is the monotonic clock's")
				g.Eventually("a beat", func() bool { return atomic.LoadUint64(beat(g.Host, 1)) > last })
			}
			for range 5 {
				last := atomic.LoadUint64(beat(g.Host, 1))
				g.Eventually("a beat", func() bool {
					answersMeanwhile(g)
					return atomic.LoadUint64(beat(g.Host, 1)) > last
				})
			}
		},
	},
})

func environ(ticket []string) (env []string) {
	for i, name := range []string{"ROAM_HUB_PATH=", "ROAM_PEER_ID=", "ROAM_DOORBELL_FD=", "ROAM_EPOCH="} {
		_, value, _ := strings.Cut(ticket[i], "=")
		env = append(env, name+value)
	}
	return env
}

// badTickets are tickets with one argument more, and what the guest then says.
var badTickets = map[string]struct {
	more []string
	said []string
}{
	"empty path":              {[]string{"--hub-path="}, []string{"--hub-path", "empty"}},
	"argument without value":  {[]string{"--peer-id"}, []string{"--peer-id"}},
	"peer id 0":               {[]string{"--peer-id=0"}, []string{"--peer-id", `"0"`, "1 to 255"}},
	"peer id 256":             {[]string{"--peer-id=256"}, []string{"--peer-id", `"256"`, "1 to 255"}},
	"peer id over max_guests": {[]string{"--peer-id=3"}, []string{"peer id", "3", "max_guests", "2"}},
	"peer id in words":        {[]string{"--peer-id=two"}, []string{"--peer-id", `"two"`}},
	"negative doorbell":       {[]string{"--doorbell-fd=-1"}, []string{"--doorbell-fd", `"-1"`}},
	"doorbell that is closed": {[]string{"--doorbell-fd=99"}, []string{"doorbell", "99"}},
	"doorbell of no kind":     {[]string{"--doorbell-fd=0"}, []string{"doorbell", "0"}},
	"epoch over 32 bits":      {[]string{"--epoch=4294967296"}, []string{"--epoch", `"4294967296"`, "4294967295"}},
	"number over 64 bits":     {[]string{"--peer-id=1844674407370955161600"}, []string{"--peer-id", "1844674407370955161600"}},
	"epoch of another guest":  {[]string{"--epoch=7"}, []string{"entry 1", "reserved", "7"}},
	"path of nothing":         {[]string{"--hub-path=/nowhere/segment"}, []string{"/nowhere/segment"}},
}

// claims are words of an entry that is not for the guest.
var claims = map[string]uint32{"empty": layout.StateEmpty, "attached": layout.StateAttached, "goodbye": layout.StateGoodbye, "of no state": 4}

func init() {
	for name, bad := range badTickets {
		register(map[string]rawCase{"ticket: " + name: {attach: func(t *testing.T, guest []string) {
			g := spawnWith(hosttest.New(t, hosttest.Config{}), func(ticket []string) *exec.Cmd {
				return hosttest.Command(append(guest, "-ticket"), append(ticket, bad.more...)...)
			})
			g.RequireFailure(bad.said...)
			requireUntouched(t, g, hosttest.Word{State: layout.StateReserved, Epoch: 1})
		}}})
	}
	for name, state := range claims {
		register(map[string]rawCase{"claim of an entry " + name: {attach: func(t *testing.T, guest []string) {
			g := spawnWith(hosttest.New(t, hosttest.Config{}), func(ticket []string) *exec.Cmd { return waitFirst(guest, ticket) })
			word := hosttest.Word{State: state, Epoch: 1}
			g.SetWord(1, word)
			g.Go()
			g.RequireFailure("entry 1")
			requireUntouched(t, g, word)
		}}})
	}
	register(map[string]rawCase{
		"no ticket": {attach: func(t *testing.T, guest []string) {
			hosttest.Start(t, hosttest.Command(guest, "-ticket")).RequireFailure("--hub-path", "ROAM_HUB_PATH")
		}},
		"ticket of a host that leaves": {attach: func(t *testing.T, guest []string) {
			g := spawnWith(hosttest.New(t, hosttest.Config{}), func(ticket []string) *exec.Cmd { return waitFirst(guest, ticket) })
			atomic.StoreUint32(g.U32(layout.OffHeaderHostGoodbye), 1)
			g.Go()
			g.RequireFailure("leaving")
			requireUntouched(t, g, hosttest.Word{State: layout.StateReserved, Epoch: 1})
		}},
	})
}

// waitFirst is a command that attaches when the host has closed its standard input.
func waitFirst(guest []string, ticket []string) *exec.Cmd {
	sh := []string{"/bin/sh", "-c", `read -r go; exec "$@"`, "sh"}
	return hosttest.Command(append(sh, append(guest, "-ticket")...), ticket...)
}

// requireUntouched says that a guest has left its entry alone, and closed its doorbell.
func requireUntouched(t *testing.T, g *hosttest.Guest, word hosttest.Word) {
	t.Helper()
	assert.Equal(t, word, g.Host.Word(1))
	assert.Zero(t, g.Flags())
	assert.Zero(t, atomic.LoadUint64(beat(g.Host, 1)))
	g.RequireHungUp()
}

// How a guest joins by socket.
var _ = register(map[string]rawCase{
	"guest that joins writes nothing before its claim": {attach: func(t *testing.T, guest []string) {
		h := hosttest.New(t, hosttest.Config{Heartbeat: 1 << 40})
		p, conn := h.Joining(append(guest, "-join")...)
		epoch := h.Reserve(1)
		atomic.StoreUint32(h.U32(segmenttest.Entry(1)+layout.OffPeerGuestFlags), 1<<20)
		h.Admit(conn, hosttest.Answer(1, layout.JoinJoined, epoch+1)) // of a reservation that is not there
		p.RequireFailure("entry 1")
		assert.EqualValues(t, 1<<20, flagsOf(h, 1))
		assert.Zero(t, *beat(h, 1))
		assert.Equal(t, hosttest.Word{State: layout.StateReserved, Epoch: epoch}, h.Word(1))
		_, err := conn.Read(make([]byte, 1))
		assert.Error(t, err, "the connection is closed: the host takes the entry back")
	}},
	"guest that joins beats after its claim": {
		config: hosttest.Config{Heartbeat: 1 << 40},
		way:    "joined",
		play: func(t *testing.T, g *hosttest.Guest) {
			assert.NotZero(t, atomic.LoadUint64(beat(g.Host, 1)))
			assert.EqualValues(t, ours, g.Flags()&ours)
		},
	},
	"answer in pieces": {attach: func(t *testing.T, guest []string) {
		h := hosttest.New(t, hosttest.Config{})
		p, conn := h.Joining(append(guest, "-join")...)
		answer := hosttest.Answer(1, layout.JoinJoined, h.Reserve(1))
		h.Admit(conn, answer[:3])
		for _, b := range answer[3:] {
			_, err := conn.Write([]byte{b})
			require.NoError(t, err)
		}
		n, err := conn.Read(make([]byte, 1))
		require.NoError(t, err, "it rings after its claim")
		require.Equal(t, 1, n)
		require.EqualValues(t, layout.StateAttached, h.Word(1).State)
		require.NoError(t, conn.Close())
		p.RequireFailure()
	}},
	"join of a hub that is full":           refusedJoin(hosttest.Answer(0, layout.JoinHubFull, 0), "full"),
	"join that is refused":                 refusedJoin(hosttest.Answer(0, layout.JoinRefused, 0)),
	"join of a host that leaves":           refusedJoin(hosttest.Answer(0, layout.JoinLeaving, 0), "leaving"),
	"join answered with a status too many": refusedJoin(hosttest.Answer(0, 9, 0), "status", "9"),
	"join answered with peer id 0":         refusedJoin(hosttest.Answer(0, layout.JoinJoined, 1), "peer_id"),
	"join answered without a descriptor":   refusedJoin(hosttest.Answer(1, layout.JoinJoined, 1), "descriptor"),
	"join answered in another protocol":    refusedJoin([]byte("HTTP/1.1 400 Bad"), "magic"),
	"join answered with too little":        refusedJoin([]byte("RAPJ"), "4 bytes"),
	"join answered with nothing":           refusedJoin(nil, "0 bytes"),
	"join where nobody listens": {attach: func(t *testing.T, guest []string) {
		dir := t.TempDir()
		hosttest.Start(t, hosttest.Command(guest, "-join", filepath.Join(dir, "none"))).RequireFailure("none")
		stale := filepath.Join(dir, "stale")
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		require.NoError(t, err)
		// Never listened at: a listener that is closed may live on for a moment, in a process
		// that is being started.
		require.NoError(t, unix.Bind(fd, &unix.SockaddrUnix{Name: stale}))
		require.NoError(t, unix.Close(fd))
		hosttest.Start(t, hosttest.Command(guest, "-join", stale)).RequireFailure("stale")
	}},
	"join with a peer id that the segment does not have": {attach: func(t *testing.T, guest []string) {
		h := hosttest.New(t, hosttest.Config{MaxGuests: 2})
		p, conn := h.Joining(append(guest, "-join")...)
		h.Admit(conn, hosttest.Answer(3, layout.JoinJoined, 1))
		p.RequireFailure("peer id", "3", "max_guests")
	}},
})

// refusedJoin has the host answer a join without the segment.
func refusedJoin(answer []byte, said ...string) rawCase {
	return rawCase{attach: func(t *testing.T, guest []string) {
		p, conn := hosttest.New(t, hosttest.Config{}).Joining(append(guest, "-join")...)
		_, err := conn.Write(answer)
		require.NoError(t, err)
		require.NoError(t, conn.CloseWrite())
		p.RequireFailure(said...)
		_, err = conn.Read(make([]byte, 1))
		assert.Error(t, err, "the connection is closed")
	}}
}

// How a guest walks up.
var _ = register(map[string]rawCase{
	"guest that walks up holds its lock": {way: "walked up", play: func(t *testing.T, g *hosttest.Guest) {
		assert.True(t, g.Locked(1))
		assert.False(t, g.Locked(2))
		assert.EqualValues(t, ours, g.Flags()&ours)
		assert.Equal(t, hosttest.Word{State: layout.StateAttached, Epoch: 1}, g.Host.Word(1))
		requireUnharmed(t, g)
		g.Leave()
		g.RequireSuccess()
		assert.False(t, g.Locked(1))
	}},
	"entry that is locked, or not empty, is passed over": {attach: func(t *testing.T, guest []string) {
		h := hosttest.NewAt(t, hosttest.Config{MaxGuests: 6})
		h.Channels = channelsOf
		for id, state := range []uint32{layout.StateAttached, layout.StateGoodbye, layout.StateReserved, 4} {
			h.SetWord(uint32(id+1), hosttest.Word{State: state, Epoch: 9})
		}
		h.Lock(5) // somebody is about to take it
		h.SetWord(6, hosttest.Word{State: layout.StateEmpty, Epoch: 1<<32 - 1})
		g := h.WalkUp(6, append(guest, "-attach")...)
		require.Equal(t, hosttest.Word{State: layout.StateAttached}, h.Word(6), "the epoch wraps")
		require.True(t, h.Locked(6))
		leaves(t, g)
		assert.Equal(t, hosttest.Word{State: layout.StateEmpty}, h.Word(5))
	}},
	"walk up to a hub that is full": {attach: func(t *testing.T, guest []string) {
		h := hosttest.NewAt(t, hosttest.Config{})
		h.SetWord(1, hosttest.Word{State: layout.StateAttached, Epoch: 1})
		h.Lock(2)
		hosttest.Start(t, hosttest.Command(guest, "-attach", h.Path())).RequireFailure("full", "2")
		assert.Equal(t, hosttest.Word{}, h.Word(2))
	}},
	"walk up to a host that leaves": {attach: func(t *testing.T, guest []string) {
		h := hosttest.NewAt(t, hosttest.Config{})
		atomic.StoreUint32(h.U32(layout.OffHeaderHostGoodbye), 1)
		hosttest.Start(t, hosttest.Command(guest, "-attach", h.Path())).RequireFailure("leaving")
		assert.Equal(t, hosttest.Word{}, h.Word(1))
	}},
	"walk up to a segment whose host is gone": {attach: func(t *testing.T, guest []string) {
		h := hosttest.NewAt(t, hosttest.Config{})
		h.Unlock(0)
		hosttest.Start(t, hosttest.Command(guest, "-attach", h.Path())).RequireFailure("host")
		assert.Equal(t, hosttest.Word{}, h.Word(1))
	}},
	"walk up to nothing": {attach: func(t *testing.T, guest []string) {
		hosttest.Start(t, hosttest.Command(guest, "-attach", filepath.Join(t.TempDir(), "none"))).RequireFailure("none")
	}},
	"walk up with all kinds of traffic": {
		way:    "walked up",
		config: hosttest.Config{RingSize: 2, SlotsPerGuest: 1, InitialCredit: 300},
		play: func(t *testing.T, g *hosttest.Guest) {
			for range 5 {
				g.Send(g.Call(1, methodFlood, hosttest.Uint(2000), hosttest.Uint(99), hosttest.Tx(2)))
				for m := g.Await("an item", onChannel2); m.Type == layout.MsgData; m = g.Await("an item", onChannel2) {
					g.Grant(2, uint32(len(m.Payload)))
				}
				g.RequireResult(1)
				g.AwaitFree(2)
				g.Send(g.Call(1, methodDrain, hosttest.Rx(2)))
				for i := range uint32(20) {
					g.AwaitGranted(2, (i+1)*100)
					g.Send(hosttest.Data(2, item100))
				}
				g.Send(hosttest.Close(2))
				g.RequireResult(1, hosttest.Uint(20*99))
				g.AwaitFree(2)
			}
		},
	},
})

func onChannel2(m *hosttest.Message) bool {
	return m.ID == 2 && (m.Type == layout.MsgData || m.Type == layout.MsgClose)
}
