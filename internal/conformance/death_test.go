package conformance

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/internal/leaktest"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/shmring"

	roam "github.com/roam-rpc/roam-go"
)

// requireDeath waits for the one report of a guest's end.
func (g *guest) requireDeath(t *testing.T) {
	t.Helper()
	for d := range g.hub.dead {
		if d.peer == g.id {
			assert.ErrorIs(t, d.cause, shmring.ErrPeerDied)
			return
		}
	}
}

func (g *guest) kill(t *testing.T) {
	require.NoError(t, syscall.Kill(g.pid, syscall.SIGKILL))
}

func TestGuestKilledInACall(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		h := newHub(t, tiny)
		g, other := h.spawn(kind), h.spawn(kind)
		called := make(chan error, 1)
		go func() { called <- g.client.Block(context.Background()) }()
		_, err := g.client.Add(context.Background(), 1, 2)
		require.NoError(t, err)
		g.kill(t)
		err = <-called
		require.ErrorIs(t, err, roam.ErrConnection)
		require.ErrorIs(t, err, shmring.ErrPeerDied)
		g.requireDeath(t)
		require.ErrorIs(t, <-g.ran, shmring.ErrPeerDied)
		assert.NoError(t, testbed.Echoes(context.Background(), other.client, 20))
	})
}

// TestLesson_DeadGuestsSlotsComeBack: with one slot a pool, a guest killed in the
// middle of streams each way leaves everything to the next, again and again.
func TestLesson_DeadGuestsSlotsComeBack(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		cfg := tiny
		cfg.MaxGuests = 2
		h := newHub(t, cfg)
		stays := h.spawn(kind)
		for range 10 {
			g := h.spawn(kind)
			up, down := make(chan error, 1), make(chan error, 1)
			first := make(chan struct{})
			go func() { up <- testbed.Uploads(context.Background(), g.client, 1<<30) }()
			go func() {
				tx, rx := roam.Channel[[]byte]()
				go func() { _ = g.client.Flood(context.Background(), 1<<40, 1000, tx) }()
				_, err := rx.Recv(context.Background())
				close(first)
				for err == nil {
					_, err = rx.Recv(context.Background())
				}
				down <- err
			}()
			<-first
			g.kill(t)
			assert.ErrorIs(t, <-up, roam.ErrConnection)
			assert.ErrorIs(t, <-down, roam.ErrConnection)
			g.requireDeath(t)
			<-g.ran
			require.NoError(t, testbed.Large(context.Background(), stays.client, 4000))
		}
	})
}

// TestStoppedGuestStarvesItselfAlone: SIGSTOP of one guest while others work on.
func TestStoppedGuestStarvesItselfAlone(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		h := newHub(t, shmring.Config{MaxGuests: 4, SlotsPerGuest: 8, SlotSize: 4096, RingSize: 16, InitialCredit: 1 << 20})
		stopped, a, b := h.spawn(kind), h.spawn(kind), h.spawn(kind)
		require.NoError(t, testbed.Echoes(context.Background(), stopped.client, 5))
		require.NoError(t, syscall.Kill(stopped.pid, syscall.SIGSTOP))

		ctx, cancel := context.WithCancel(context.Background())
		var held sync.WaitGroup
		for range 8 { // takes all the room that this guest may have
			held.Go(func() { assert.ErrorIs(t, testbed.Uploads(ctx, stopped.client, 8<<20), context.Canceled) })
		}
		var all sync.WaitGroup
		for _, g := range []*guest{a, b} {
			all.Go(func() {
				for _, name := range []string{"echo", "sum", "upload", "download", "channels"} {
					assert.NoError(t, testbed.Scenarios[name](context.Background(), g.client, plays[name]/10), name)
				}
				assert.NoError(t, testbed.Large(context.Background(), g.client, 4000))
			})
		}
		all.Wait()
		cancel()
		held.Wait()
		require.NoError(t, syscall.Kill(stopped.pid, syscall.SIGCONT))
		assert.NoError(t, testbed.Echoes(context.Background(), stopped.client, 20))
	})
}

// servingHost starts a host in a process of its own that serves a Testbed to guests
// that come by path or socket.
func servingHost(t *testing.T, engine, path, socket string) *exec.Cmd {
	t.Helper()
	cmd := command(engine, "-serve", "-path", path, "-listen", socket)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	_, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return cmd
}

// TestHostKilledInACallAndInStreams: what a guest has in flight fails with the death of
// its host, whichever way the guest learns of that.
func TestHostKilledInACallAndInStreams(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine string) {
		for _, way := range []string{"joined", "walked up"} {
			t.Run(way, func(t *testing.T) {
				before := leaktest.Now(t)
				dir := t.TempDir()
				path, socket := filepath.Join(dir, "segment"), filepath.Join(dir, "join")
				host := servingHost(t, engine, path, socket)
				guest, err := func() (*shmring.Guest, error) {
					if way == "joined" {
						return shmring.Join(context.Background(), socket)
					}
					return shmring.Attach(path)
				}()
				require.NoError(t, err)
				handle, drv, err := driver.EstablishGuest(guest, roam.NoService, quiet)
				require.NoError(t, err)
				ran := make(chan error, 1)
				go func() { ran <- drv.Run(context.Background()) }()

				ends := endlessUses(t, testbed.NewClient(handle))
				require.NoError(t, host.Process.Kill())
				for what, end := range ends {
					err := <-end
					assert.ErrorIs(t, err, roam.ErrConnection, what)
					assert.ErrorIs(t, err, shmring.ErrPeerDied, what)
				}
				require.ErrorIs(t, <-ran, shmring.ErrPeerDied)
				<-handle.Done()
				_ = host.Wait()
				before.RequireSame(t)
			})
		}
	})
}

// endlessUses has a call and a stream each way go on until something ends them; each
// is under way when it returns.
func endlessUses(t *testing.T, c *testbed.Client) map[string]chan error {
	t.Helper()
	ends := map[string]chan error{"call": make(chan error, 1), "send": make(chan error, 1), "receive": make(chan error, 1),
		"call with a stream up": make(chan error, 1), "call with a stream down": make(chan error, 1)}
	go func() { ends["call"] <- c.Block(context.Background()) }()

	up, upRx := roam.Channel[[]byte]()
	sending, receiving := make(chan struct{}), make(chan struct{})
	go func() {
		_, err := c.Drain(context.Background(), upRx)
		ends["call with a stream up"] <- err
	}()
	go func() {
		err := up.Send(context.Background(), make([]byte, 1000))
		close(sending)
		for err == nil {
			err = up.Send(context.Background(), make([]byte, 1000))
		}
		ends["send"] <- err
	}()
	downTx, down := roam.Channel[[]byte]()
	go func() { ends["call with a stream down"] <- c.Flood(context.Background(), 1<<50, 1000, downTx) }()
	go func() {
		_, err := down.Recv(context.Background())
		close(receiving)
		for err == nil {
			_, err = down.Recv(context.Background())
		}
		ends["receive"] <- err
	}()
	<-sending
	<-receiving
	_, err := c.Add(context.Background(), 1, 2) // the call before it has arrived
	require.NoError(t, err)
	return ends
}

// startHost runs a host in a process of its own that spawns, or waits for, one guest of a
// kind; it gives the pids of both once the guest has answered.
func startHost(t *testing.T, kind string, args ...string) (host *exec.Cmd, guestPid int) {
	engine := kind
	if engines[kind] == nil {
		engine = "go-pure"
	}
	cmd := command(engine, append([]string{"-host", "-guest", strings.Join(programs[kind], " ")}, args...)...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	return cmd, pid
}

// requireGone waits until a process that is not our child has ended.
func requireGone(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool { return ended(pid) }, waitLimit, waitTick, "process %d lives on", pid)
}

func TestHostKilledEndsSpawnedGuest(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		host, guestPid := startHost(t, kind)
		require.NoError(t, host.Process.Kill())
		_ = host.Wait()
		requireGone(t, guestPid)
	})
}

// TestLesson_PathCanBeUsedAgainAfterKill: a host killed with -9 leaves a segment and a
// socket behind; its guest notices, and the next host takes both over.
func TestLesson_PathCanBeUsedAgainAfterKill(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		dir := t.TempDir()
		segment, socket := filepath.Join(dir, "segment"), filepath.Join(dir, "join")
		host, guestPid := startHost(t, kind, "-path", segment, "-listen", socket)
		_, err := shmring.Create(shmring.Config{Path: segment})
		require.ErrorIs(t, err, shmring.ErrInUse, "the path of a live host")
		require.NoError(t, host.Process.Kill())
		_ = host.Wait()
		requireGone(t, guestPid)

		h := newHub(t, shmring.Config{Path: segment, MaxGuests: 4})
		require.NoError(t, h.host.Listen(socket))
		for _, g := range []*guest{h.start(kind, "-attach", segment), h.start(kind, "-join", socket)} {
			require.NoError(t, testbed.Echoes(context.Background(), g.client, 5))
		}
	})
}

// killRounds is how many guests are killed under load: of each engine, and of those in C
// with threads, and of the other kinds.
func killRounds(kind string) int {
	if engines[kind] == nil && kind != "c" {
		return 100
	}
	return 400
}

// TestKilledAtRandomUnderLoad: SIGKILL at any point of busy connections; nothing
// leaks and the others go on.
func TestKilledAtRandomUnderLoad(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		h := newHub(t, shmring.Config{MaxGuests: 4, SlotSize: 4096, SlotsPerGuest: 4, RingSize: 8, MaxChannels: 32, InitialCredit: 16 << 10})
		stays := h.spawn(kind)
		stop, cancel := context.WithCancel(context.Background())
		steady := make(chan error, 1)
		go func() {
			for stop.Err() == nil {
				if err := testbed.Channels(context.Background(), stays.client, 40); err != nil {
					steady <- err
					return
				}
			}
			steady <- nil
		}()
		for round := range killRounds(kind) {
			g := h.spawn(kind)
			var busy sync.WaitGroup
			for _, name := range []string{"echo", "channels", "upload", "download", "cancel"} {
				busy.Go(func() { _ = testbed.Scenarios[name](context.Background(), g.client, 1<<30) })
				busy.Go(func() { _ = g.client.Drive(context.Background(), name, 1<<30) })
			}
			for range round % 100 {
				_, err := stays.client.Add(context.Background(), 1, 1) // lets it get further each round
				require.NoError(t, err)
			}
			g.kill(t)
			busy.Wait()
			g.requireDeath(t)
			<-g.ran
		}
		cancel()
		require.NoError(t, <-steady)
	})
}
