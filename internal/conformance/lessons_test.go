package conformance

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/shmring"

	roam "github.com/roam-rpc/roam-go"
)

// asleep says that every thread of a process sleeps.
func asleep(t *testing.T, pid int) bool {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	require.NoError(t, err)
	for _, task := range tasks {
		stat, err := os.ReadFile(task)
		if err != nil {
			return false
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		if !strings.HasPrefix(after, "S") {
			return false
		}
	}
	return len(tasks) > 0
}

// eachSleepingGuest plays single calls against guests that were attached in each way
// and have gone to sleep before each call.
func eachSleepingGuest(t *testing.T, play func(t *testing.T, g *guest)) {
	eachGuest(t, tiny, func(t *testing.T, g *guest) {
		for range 20 {
			require.Eventually(t, func() bool { return asleep(t, g.pid) }, waitLimit, waitTick)
			play(t, g)
		}
	})
}

// TestLesson_SleepingSideIsWoken: a message in the ring always reaches a side that
// sleeps, with nothing else going on.
func TestLesson_SleepingSideIsWoken(t *testing.T) {
	eachSleepingGuest(t, func(t *testing.T, g *guest) {
		_, err := g.client.Add(context.Background(), 1, 2)
		require.NoError(t, err)
	})
}

// TestLesson_ReplyNeedsNoSecondEvent: the answer of a single call in the other
// direction arrives by itself, payload in a slot included.
func TestLesson_ReplyNeedsNoSecondEvent(t *testing.T) {
	eachSleepingGuest(t, func(t *testing.T, g *guest) {
		n, err := g.client.Nest(context.Background(), 1)
		require.NoError(t, err)
		require.EqualValues(t, 2, n)
		require.NoError(t, testbed.Large(context.Background(), g.client, 1000))
	})
}

// TestLesson_BothSidesFullGoOn: both sides flood each other, through too few places and
// too few slots; then one side alone, with credit for all, so that nothing but room
// can wake it.
func TestLesson_BothSidesFullGoOn(t *testing.T) {
	for name, cfg := range map[string]shmring.Config{"ring of 2": tiny, "one slot": oneSlot} {
		t.Run(name, func(t *testing.T) {
			cfg.InitialCredit = 1 << 20
			eachGuest(t, cfg, func(t *testing.T, g *guest) {
				ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
				defer cancel()
				driven := make(chan error, 1)
				go func() { driven <- g.client.Drive(ctx, "upload", 1<<20) }()
				require.NoError(t, testbed.Uploads(ctx, g.client, 1<<20))
				require.NoError(t, <-driven)
				require.NoError(t, testbed.Sums(ctx, g.client, 20_000), "the host alone sends")
				require.NoError(t, testbed.Generates(ctx, g.client, 20_000), "the guest alone sends")
			})
		})
	}
}

// TestLesson_OneBadGuestDoesNotStopTheHost: a guest that breaks the protocol is told
// so and goes; the others do not notice.
func TestLesson_OneBadGuestDoesNotStopTheHost(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		socket := filepath.Join(t.TempDir(), "join")
		h := newHub(t, shmring.Config{MaxGuests: 4})
		require.NoError(t, h.host.Listen(socket))
		good := h.spawn(kind)
		working := make(chan error, 1)
		go func() { working <- testbed.Channels(context.Background(), good.client, 2000) }()
		for range 5 {
			bad, err := shmring.Join(context.Background(), socket)
			require.NoError(t, err)
			g := h.accept()
			link := bad.Link()
			require.NoError(t, link.Stage(&shmring.Message{Type: shmring.MsgData, ID: 77, Payload: []byte("out of nowhere")}, nil))
			link.Commit()
			link.Notify()
			require.ErrorContains(t, <-g.ran, "channeling.unknown")
			assert.Contains(t, lastWords(t, link), "channeling.unknown")
			require.NoError(t, bad.Close())
		}
		require.NoError(t, <-working)
		assert.NoError(t, testbed.Echoes(context.Background(), good.client, 10))
	})
}

// TestLesson_NothingStaysTaken: after calls and channels from several goroutines, however the right to
// receive went around among them and who waited in the background, all slots come back.
func TestLesson_NothingStaysTaken(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		h := newHub(t, shmring.Config{MaxGuests: 1})
		g := h.spawn(kind)
		for burst := range 1000 {
			var callers sync.WaitGroup
			for range 1 + burst%3 {
				callers.Go(func() {
					if burst%2 == 0 {
						assert.NoError(t, testbed.Channels(context.Background(), g.client, 4))
					}
					assert.NoError(t, testbed.Echoes(context.Background(), g.client, 1+burst%10))
					assert.NoError(t, testbed.Large(context.Background(), g.client, 1000))
				})
			}
			callers.Wait()
			h.requireNothingInUse()
		}
	})
}

// lastWords reads a link to its end and gives the Goodbye's reason.
func lastWords(t *testing.T, l *shmring.Link) (reason string) {
	t.Helper()
	batch := shmring.NewBatch(8)
	l.Arm(shmring.KindMessages, 0)
	defer l.Disarm(shmring.KindMessages, 0)
	for {
		n, err := l.Receive(batch)
		for _, m := range batch.Messages[:n] {
			if m.Type == shmring.MsgGoodbye {
				reason = string(m.Payload)
			}
		}
		if n == 0 && err != nil {
			return reason
		}
		if n == 0 {
			_ = l.Wait(true)
		}
	}
}

// idleSwitches is how often the threads of a guest that has nothing to do may go to
// sleep in a second. Nothing wakes one that has a doorbell, but for what Go's runtime
// does by itself. One that walked up sleeps on futex words for a second and looks at
// the host's lock once a second; each time Go's runtime watches the thread that sleeps
// in the kernel some 60 times, for 10 ms, before it leaves it alone.
var idleSwitches = map[string]int{"spawned": 10, "joined": 10, "walked up": 150}

// fallingAsleep is what is added to that once: a guest that has just answered sleeps on a
// futex word for its last 50 ms, watched in the same way.
const fallingAsleep = 100

// TestLesson_IdleUsesNoCPU: guests that have nothing to do sleep, and do not wake to
// look around.
func TestLesson_IdleUsesNoCPU(t *testing.T) {
	const seconds = 3
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			h := newHubFor(t, way, shmring.Config{MaxGuests: uint32(len(programs))})
			before := make(map[string]int)
			guests := make(map[string]*guest)
			for kind := range programs {
				guests[kind] = h.attach(way, kind)
				_, err := guests[kind].client.Add(context.Background(), 1, 2)
				require.NoError(t, err)
			}
			for kind, g := range guests {
				require.Eventually(t, func() bool { return asleep(t, g.pid) }, waitLimit, waitTick)
				before[kind] = switches(t, g.pid)
			}
			<-time.After(seconds * time.Second) // what is measured, not waited for
			for kind, g := range guests {
				n := switches(t, g.pid) - before[kind]
				assert.LessOrEqual(t, n, fallingAsleep+seconds*idleSwitches[way], "times that a %s guest went to sleep in %d s", kind, seconds)
			}
		})
	}
}

// switches counts how often the threads of a process have given the processor up by
// themselves: once for each time they woke.
func switches(t *testing.T, pid int) (total int) {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	require.NoError(t, err)
	require.NotEmpty(t, tasks)
	for _, task := range tasks {
		status, err := os.ReadFile(task)
		require.NoError(t, err)
		_, after, found := strings.Cut(string(status), "\nvoluntary_ctxt_switches:")
		require.True(t, found)
		var n int
		_, err = fmt.Sscan(after, &n)
		require.NoError(t, err)
		total += n
	}
	return total
}

// TestLesson_StreamGoesOnPast4GiB: credit counters are 32 bits wide and wrap.
func TestLesson_StreamGoesOnPast4GiB(t *testing.T) {
	const total = 1<<32 + 1<<26
	eachKind(t, func(t *testing.T, kind string) {
		g := newHub(t, shmring.Config{MaxGuests: 1}).spawn(kind)
		tx, rx := roam.Channel[[]byte]()
		called := make(chan error, 1)
		go func() { called <- g.client.Flood(context.Background(), total, 60000, tx) }()
		n, err := io.Copy(io.Discard, roam.NewReader(context.Background(), rx))
		require.NoError(t, err)
		require.NoError(t, <-called)
		assert.EqualValues(t, total, n)
	})
}

// TestLesson_DeathIsNoticedWithoutOtherGuests: nothing but the death itself happens.
func TestLesson_DeathIsNoticedWithoutOtherGuests(t *testing.T) {
	eachGuest(t, shmring.Config{MaxGuests: 2}, func(t *testing.T, g *guest) {
		g.kill(t)
		g.requireDeath(t)
		require.ErrorIs(t, <-g.ran, shmring.ErrPeerDied)
	})
}

// TestLocalEndWakesANappingReader: a reader that sleeps on the ring itself hears at
// once of what another goroutine of its process does to its channel.
func TestLocalEndWakesANappingReader(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		g := newHub(t, shmring.Config{MaxGuests: 1}).spawn(kind)
		var slept int
		for range 10 {
			inTx, inRx := roam.Channel[string]()
			outTx, outRx := roam.Channel[string]()
			called, read := make(chan error, 1), make(chan error, 1)
			go func() { called <- g.client.Transform(context.Background(), inRx, outTx) }()
			require.NoError(t, inTx.Send(context.Background(), "x"))
			_, err := outRx.Recv(context.Background())
			require.NoError(t, err)
			go func() {
				_, err := outRx.Recv(context.Background())
				read <- err
			}()
			require.Eventually(t, func() bool { return asleep(t, g.pid) }, waitLimit, waitTick)
			began := time.Now()
			outRx.Close()
			require.ErrorIs(t, <-read, roam.ErrChannelClosed)
			if time.Since(began) > 500*time.Millisecond { // half of what a nap lasts
				slept++
			}
			inTx.Close()
			<-called
		}
		assert.Less(t, slept, 5, "readers slept on until their nap was over")
	})
}
