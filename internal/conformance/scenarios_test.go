package conformance

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/shmring"

	roam "github.com/roam-rpc/roam-go"
)

// plays are the scenarios, each with a number that suits it.
var plays = map[string]int{
	"echo": 200, "concurrent": 100, "sum": 5000, "generate": 5000, "transform": 200, "upload": 4 << 20,
	"download": 4 << 20, "failures": 3, "cancel": 50, "channels": 1000, "large": 60000, "unread": 20, "deadline": 200,
	"borrow": 60000, "keep": 60000, "lend": 500_000, "draft": 60000,
}

// window is a configuration with 64 KiB of credit: 4 MiB pass through it in many steps.
var window = shmring.Config{MaxGuests: 4, InitialCredit: 64 << 10}

// tiny is a configuration in which everything is short all the time. Places in the
// ring are what is short first.
var tiny = shmring.Config{MaxGuests: 4, RingSize: 2, SlotSize: 4096, SlotsPerGuest: 1, MaxChannels: 16, InitialCredit: 4096}

// oneSlot is a configuration with room in the ring and credit, but one slot a side.
var oneSlot = shmring.Config{MaxGuests: 4, RingSize: 8, SlotSize: 4096, SlotsPerGuest: 1, MaxChannels: 16, InitialCredit: 64 << 10}

func TestScenariosBothWays(t *testing.T) {
	eachWay(t, window, func(t *testing.T, c *testbed.Client) { playAll(t, c, plays) })
}

// TestTinyRingsAndPoolsUnderFlood: too few places in the ring, or too few slots, with
// both sides sending all they can.
func TestTinyRingsAndPoolsUnderFlood(t *testing.T) {
	few := map[string]int{"echo": 50, "concurrent": 20, "sum": 500, "generate": 500, "transform": 50, "upload": 256 << 10,
		"download": 256 << 10, "failures": 2, "cancel": 20, "channels": 100, "large": 4000, "unread": 10, "deadline": 20,
		"borrow": 4000, "keep": 4000, "lend": 50_000, "draft": 4000}
	for name, cfg := range map[string]shmring.Config{"ring of 2": tiny, "one slot": oneSlot} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, cfg, func(t *testing.T, c *testbed.Client) { playAll(t, c, few) })
		})
	}
}

// playAll plays every scenario from both sides at once.
func playAll(t *testing.T, c *testbed.Client, numbers map[string]int) {
	for name, n := range numbers {
		t.Run(name, func(t *testing.T) {
			driven := make(chan error, 1)
			go func() { driven <- c.Drive(context.Background(), name, n) }()
			assert.NoError(t, testbed.Scenarios[name](context.Background(), c, n))
			assert.NoError(t, <-driven, "driven from the other side")
		})
	}
}

// TestAllScenariosAtOnce mixes every scenario from both sides on one connection.
func TestAllScenariosAtOnce(t *testing.T) {
	eachWay(t, window, func(t *testing.T, c *testbed.Client) {
		var all sync.WaitGroup
		for name, n := range plays {
			all.Go(func() { assert.NoError(t, testbed.Scenarios[name](context.Background(), c, n/10), name) })
			all.Go(func() { assert.NoError(t, c.Drive(context.Background(), name, n/10), name) })
		}
		all.Wait()
	})
}

// TestNestedCalls has handlers wait for each other across the connection, at most 56 at
// once: a guest in C with one thread nests 64.
func TestNestedCalls(t *testing.T) {
	eachWay(t, window, func(t *testing.T, c *testbed.Client) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				n, err := c.Nest(context.Background(), 14)
				assert.NoError(t, err)
				assert.EqualValues(t, 15, n)
			})
		}
		all.Wait()
	})
}

func TestSixteenGuestsAtOnce(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		h := newHub(t, shmring.Config{MaxGuests: 16})
		var all sync.WaitGroup
		for range 16 {
			g := h.spawn(kind)
			all.Go(func() {
				for _, name := range []string{"echo", "concurrent", "sum", "generate", "upload", "download", "cancel", "channels"} {
					n := plays[name] / 10
					assert.NoError(t, testbed.Scenarios[name](context.Background(), g.client, n), fmt.Sprintf("%s with guest %d", name, g.id))
				}
			})
			all.Go(func() {
				for _, name := range []string{"channels", "download", "echo", "upload", "cancel", "sum"} {
					assert.NoError(t, g.client.Drive(context.Background(), name, plays[name]/10), fmt.Sprintf("%s by guest %d", name, g.id))
				}
			})
		}
		all.Wait()
	})
}

// TestGuestsShareTheHostsPoolWhenItIsShort: streams to several guests that run out of
// slots and of credit all the time; what one gives back wakes the others.
func TestGuestsShareTheHostsPoolWhenItIsShort(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		h := newHub(t, shmring.Config{MaxGuests: 3, SlotSize: 256, SlotsPerGuest: 3, RingSize: 4, InitialCredit: 200})
		var all sync.WaitGroup
		for range 3 {
			g := h.spawn(kind)
			for range 3 {
				all.Go(func() { assert.NoError(t, testbed.Uploads(context.Background(), g.client, 100<<10)) })
			}
		}
		all.Wait()
	})
}

func TestIDReuseOver100000Channels(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		g := newHub(t, shmring.Config{MaxGuests: 1, MaxChannels: 32}).spawn(kind)
		driven := make(chan error, 1)
		go func() { driven <- g.client.Drive(context.Background(), "channels", 50_000) }()
		require.NoError(t, testbed.Channels(context.Background(), g.client, 50_000))
		require.NoError(t, <-driven)
	})
}

// nearWrap is where counters start that are to wrap within a few messages.
const nearWrap = math.MaxUint32 - 100

// TestCountersWrap: the indices of both rings and the generations of all slots go past
// 2^32 while scenarios are played. The guest walks up: for any other the host cleans the
// entry when it reserves it.
func TestCountersWrap(t *testing.T) {
	few := map[string]int{"echo": 100, "concurrent": 20, "sum": 500, "generate": 500, "upload": 256 << 10,
		"download": 256 << 10, "cancel": 20, "channels": 200, "large": 4000, "unread": 10}
	eachKind(t, func(t *testing.T, kind string) {
		h := newHubFor(t, "walked up", oneSlot)
		h.seg.Start(nearWrap)
		g := h.attach("walked up", kind)
		for _, i := range h.seg.Indices(g.id) {
			require.EqualValues(t, nearWrap, i, "where the rings start")
		}
		playAll(t, g.client, few)
		for _, i := range h.seg.Indices(g.id) {
			require.Less(t, i, uint32(nearWrap), "the rings did not get past 2^32")
		}
	})
}

// TestWalkUpPathIsPrivate: a path segment is readable and writable by its user alone.
func TestWalkUpPathIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "segment")
	newHub(t, shmring.Config{Path: path, MaxGuests: 1})
	info := stat(t, path)
	assert.EqualValues(t, 0o600, info.Mode().Perm())
}

// TestLeaveBothWays: either side ends its connections in order; the other side's Run
// says so by returning nil, and the guest program ends with success.
func TestLeaveBothWays(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		h := newHub(t, shmring.Config{MaxGuests: 2})
		leaves := h.spawn(kind)
		require.NoError(t, leaves.handle.Close(context.Background()))
		require.NoError(t, <-leaves.ran)
		if err := leaves.peer.Wait(); engines[kind] != nil { // to one in C it is an eviction
			require.NoError(t, err, "the guest program ends with success")
		}
		again := h.spawn(kind) // the entry is clean
		require.NoError(t, testbed.Echoes(context.Background(), again.client, 5))
		require.NoError(t, again.client.Leave(context.Background()))
		require.NoError(t, <-again.ran, "the guest left in order")
		require.NoError(t, again.peer.Wait(), "the guest program ends with success")
		stays := h.spawn(kind)
		require.NoError(t, testbed.Echoes(context.Background(), stays.client, 5))
	})
}

// TestGoodbyeBothWays: a reason arrives in the other process, in either direction.
func TestGoodbyeBothWays(t *testing.T) {
	const reason = "test.leaving: had enough"
	eachKind(t, func(t *testing.T, kind string) {
		h := newHub(t, shmring.Config{MaxGuests: 2})
		var said bytes.Buffer
		told := h.spawnHeard(kind, &said)
		require.NoError(t, told.handle.Goodbye(context.Background(), reason))
		require.NoError(t, <-told.ran)
		var exit *exec.ExitError
		require.ErrorAs(t, told.peer.Wait(), &exit, "the guest program ends with what its Run returned")
		assert.Contains(t, said.String(), reason)

	})
	eachEngine(t, func(t *testing.T, engine string) {
		h := newHub(t, shmring.Config{MaxGuests: 1})
		socket := filepath.Join(t.TempDir(), "join")
		require.NoError(t, h.host.Listen(socket))
		tells := h.start(engine, "-join", socket, "-reason", reason)
		require.NoError(t, tells.client.Leave(context.Background()))
		var end *roam.ConnectionError
		require.ErrorAs(t, <-tells.ran, &end)
		assert.True(t, end.Remote)
		assert.Equal(t, reason, end.Reason)
	})
}
