package conformance

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/internal/leaktest"
	"github.com/roam-rpc/roam-go/internal/segmenttest"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/shmring"
)

// waitLimit is how long a test waits for what must come about; it is no measure of
// speed.
const (
	waitLimit = 2 * time.Minute
	waitTick  = 2 * time.Millisecond
)

var quiet = driver.WithLogger(slog.New(slog.DiscardHandler))

// hub is a host under test. Everything of it is gone at the end of the test: slots and
// channel entries while the guests are still there, then goroutines, descriptors,
// mappings, child processes.
type hub struct {
	t    *testing.T
	host *shmring.Host
	seg  *segmenttest.Segment
	dead chan death
	ran  []chan error
	// cut says that the host went by force: what was under way stays in the rings.
	cut bool
	// spawned are the guests that the host started.
	spawned []*exec.Cmd
	// service is what the host serves to guests that connect from then on.
	service *testbed.Service
}

type death struct {
	peer  uint32
	cause error
}

func newHub(t *testing.T, cfg shmring.Config) *hub {
	t.Helper()
	before := leaktest.Now(t)
	h := &hub{t: t, dead: make(chan death, 1024), service: &testbed.Service{}}
	cfg.Logger = slog.New(slog.DiscardHandler)
	cfg.OnDeath = func(peer uint32, cause error) { h.dead <- death{peer, cause} }
	var err error
	h.host, err = shmring.Create(cfg)
	require.NoError(t, err)
	h.seg = segmenttest.Map(t, h.host.Path())
	t.Cleanup(func() {
		assert.NoError(t, h.host.Close())
		for _, ran := range h.ran {
			<-ran
		}
		for _, guest := range h.spawned {
			assert.LessOrEqual(t, guest.ProcessState.ExitCode(), 3, "a sanitizer has ended the guest")
		}
		h.seg.Unmap()
		before.RequireSame(t)
	})
	return h
}

// requireNothingInUse waits until every slot of every pool is back and every channel
// entry free: what is still on its way when a test has what it wants comes back soon.
func (h *hub) requireNothingInUse() {
	h.t.Helper()
	if h.t.Failed() || h.cut { // calls may be left over
		return
	}
	back := func() bool {
		slots, entries := h.seg.InUse()
		return slots == 0 && entries == 0
	}
	if !assert.Eventually(h.t, back, waitLimit, waitTick) {
		slots, entries := h.seg.InUse()
		h.t.Errorf("%d slots and %d channel entries never came back", slots, entries)
	}
}

// guest is one attached guest with the host's connection to it.
type guest struct {
	hub    *hub
	peer   *shmring.Peer
	id     uint32
	pid    int
	handle *driver.Handle
	client *testbed.Client
	ran    chan error // what the host's driver gave
}

// connect runs the host's side of an attached guest.
func (h *hub) connect(peer *shmring.Peer) *guest {
	h.t.Helper()
	handle, drv, err := driver.EstablishHostPeer(h.host, peer.ID(), h.service, quiet)
	require.NoError(h.t, err)
	ran, over := make(chan error, 1), make(chan error)
	go func() {
		defer close(over)
		ran <- drv.Run(context.Background())
	}()
	h.ran = append(h.ran, over)
	h.t.Cleanup(h.requireNothingInUse) // before anything that ends guests
	return &guest{hub: h, peer: peer, id: peer.ID(), pid: peer.Pid(), handle: handle, client: testbed.NewClient(handle), ran: ran}
}

// spawn starts a guest of a kind.
func (h *hub) spawn(kind string) *guest {
	h.t.Helper()
	return h.spawnHeard(kind, os.Stderr)
}

// spawnHeard starts a guest of a kind that says what goes wrong into stderr.
func (h *hub) spawnHeard(kind string, stderr io.Writer) *guest {
	h.t.Helper()
	cmd := command(kind, "-ticket")
	cmd.Stderr = stderr
	peer, err := h.host.Spawn(cmd)
	require.NoError(h.t, err)
	h.spawned = append(h.spawned, cmd)
	return h.connect(peer)
}

// start runs a guest program that the host did not spawn, until the test ends.
func (h *hub) start(kind string, args ...string) *guest {
	h.t.Helper()
	cmd := command(kind, args...)
	cmd.Stderr = os.Stderr
	require.NoError(h.t, cmd.Start())
	h.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	g := h.accept()
	g.pid = cmd.Process.Pid
	return g
}

// accept connects the next guest that comes by itself.
func (h *hub) accept() *guest {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
	defer cancel()
	peer, err := h.host.Accept(ctx)
	require.NoError(h.t, err)
	return h.connect(peer)
}

// ways are the ways for a guest to come to a host over shared memory.
var ways = []string{"spawned", "joined", "walked up"}

// newHubFor makes a hub to which guests can come in the given way.
func newHubFor(t *testing.T, way string, cfg shmring.Config) *hub {
	t.Helper()
	if way == "walked up" {
		cfg.Path = filepath.Join(t.TempDir(), "segment")
	}
	return newHub(t, cfg)
}

// attach has one guest come in the given way; by socket only one may.
func (h *hub) attach(way, kind string) *guest {
	h.t.Helper()
	switch way {
	case "joined":
		socket := filepath.Join(h.t.TempDir(), "join")
		require.NoError(h.t, h.host.Listen(socket))
		return h.start(kind, "-join", socket)
	case "walked up":
		return h.start(kind, "-attach", h.host.Path())
	}
	return h.spawn(kind)
}

// eachGuest runs a test with one guest for every way to attach and every kind.
func eachGuest(t *testing.T, cfg shmring.Config, run func(t *testing.T, g *guest)) {
	eachKind(t, func(t *testing.T, kind string) { eachAttached(t, kind, cfg, run) })
}

// eachGoGuest is eachGuest for what only Go guests do.
func eachGoGuest(t *testing.T, cfg shmring.Config, run func(t *testing.T, g *guest)) {
	eachEngine(t, func(t *testing.T, engine string) { eachAttached(t, engine, cfg, run) })
}

// eachAttached runs a test with one guest of a kind for every way to attach.
func eachAttached(t *testing.T, kind string, cfg shmring.Config, run func(t *testing.T, g *guest)) {
	for _, way := range ways {
		t.Run(way, func(t *testing.T) { run(t, newHubFor(t, way, cfg).attach(way, kind)) })
	}
}

// serveSocket serves one guest program over a Unix socket, with the limits that a
// segment of cfg would have.
func serveSocket(t *testing.T, engine string, cfg shmring.Config) *testbed.Client {
	limits := handshake.Limits{MaxPayload: segmentPayload(cfg), InitialCredit: cfg.InitialCredit}
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	connected := make(chan *driver.Handle, 1)
	served := make(chan error, 1)
	go func() {
		served <- driver.Serve(ctx, l, &testbed.Service{}, func(h *driver.Handle) { connected <- h }, quiet,
			driver.WithLimits(limits))
	}()
	cmd := command(engine, "-dial", path)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		assert.ErrorIs(t, <-served, context.Canceled)
		_ = cmd.Wait()
	})
	handle := <-connected
	require.Equal(t, cfg.InitialCredit, handle.Limits().InitialCredit)
	return testbed.NewClient(handle)
}

// segmentPayload is the largest payload of a segment with the configuration.
func segmentPayload(cfg shmring.Config) uint32 {
	if cfg.SlotSize == 0 {
		return shmring.DefaultSlotSize - layout.GenerationSize
	}
	return cfg.SlotSize - layout.GenerationSize
}

// eachWay runs a test over every way to connect to guests of every kind.
func eachWay(t *testing.T, cfg shmring.Config, run func(t *testing.T, c *testbed.Client)) {
	eachGuest(t, cfg, func(t *testing.T, g *guest) { run(t, g.client) })
	eachEngine(t, func(t *testing.T, engine string) {
		t.Run("by Unix socket", func(t *testing.T) { run(t, serveSocket(t, engine, cfg)) })
	})
}

// eachEngine runs a test with the programs of every engine.
func eachEngine(t *testing.T, run func(t *testing.T, engine string)) {
	for _, engine := range slices.Sorted(maps.Keys(engines)) {
		t.Run(engine, func(t *testing.T) { run(t, engine) })
	}
}

// eachKind runs a test with guests of every kind.
func eachKind(t *testing.T, run func(t *testing.T, kind string)) {
	for _, kind := range slices.Sorted(maps.Keys(programs)) {
		t.Run(kind, func(t *testing.T) { run(t, kind) })
	}
}
