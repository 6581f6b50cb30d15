package conformance

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/internal/leaktest"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/shmring"

	roam "github.com/roam-rpc/roam-go"
)

// lentSize is a payload that is lent, bytes.
const lentSize = 60000

// keeps has n handlers of the guest keep what they borrow until end; ended is told how
// each call ends.
func (g *guest) keeps(n int) (end context.CancelFunc, ended chan error) {
	ctx, end := context.WithCancel(context.Background())
	ended = make(chan error, n)
	for range n {
		go func() { ended <- g.client.Keep(ctx, make([]byte, lentSize)) }()
	}
	return end, ended
}

// requireSlots waits until so many slots are out.
func (h *hub) requireSlots(want int) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		slots, _ := h.seg.InUse()
		return slots == want
	}, waitLimit, waitTick)
}

// TestBorrowedArgumentsStayInTheirSlots: those of as many handlers as may borrow, which is
// all but a quarter and one of the pool; those of more are copied, and all else goes on.
// Only Go guests borrow.
func TestBorrowedArgumentsStayInTheirSlots(t *testing.T) {
	eachGoGuest(t, shmring.Config{MaxGuests: 2, SlotsPerGuest: 8}, func(t *testing.T, g *guest) {
		end, ended := g.keeps(2)
		g.hub.requireSlots(2)
		endMore, endedMore := g.keeps(20)
		g.hub.requireSlots(5)
		require.NoError(t, testbed.Large(context.Background(), g.client, lentSize))
		require.NoError(t, testbed.Uploads(context.Background(), g.client, 4<<20))
		require.NoError(t, testbed.Downloads(context.Background(), g.client, 4<<20))
		require.NoError(t, g.client.Drive(context.Background(), "keep", lentSize))
		g.hub.requireSlots(5)
		end()
		for range 2 {
			require.ErrorIs(t, <-ended, context.Canceled)
		}
		endMore()
		for range 20 {
			require.ErrorIs(t, <-endedMore, context.Canceled)
		}
		g.hub.requireSlots(0)
	})
}

// TestGuestsShareTheHostsPoolWithLoans: what one guest keeps of the host's pool leaves
// enough for the others, which keep as much as they can.
func TestGuestsShareTheHostsPoolWithLoans(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		h := newHub(t, shmring.Config{MaxGuests: 4, SlotsPerGuest: 8})
		var ends []func()
		for range 4 {
			g := h.spawn(kind)
			end, ended := g.keeps(8)
			ends = append(ends, func() {
				end()
				for range 8 {
					assert.ErrorIs(t, <-ended, context.Canceled)
				}
			})
			require.NoError(t, testbed.Keeps(context.Background(), g.client, lentSize))
			require.NoError(t, g.client.Drive(context.Background(), "keep", lentSize))
		}
		for _, end := range ends {
			end()
		}
	})
}

// TestGuestKilledWhileItBorrows: the host's slots that a guest had borrowed come back.
func TestGuestKilledWhileItBorrows(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine string) {
		h := newHub(t, shmring.Config{MaxGuests: 2, SlotsPerGuest: 8})
		other := h.spawn(engine)
		for range 3 {
			g := h.spawn(engine)
			_, ended := g.keeps(4)
			h.requireSlots(4)
			g.kill(t)
			for range 4 {
				require.ErrorIs(t, <-ended, roam.ErrConnection)
			}
			g.requireDeath(t)
			require.ErrorIs(t, <-g.ran, shmring.ErrPeerDied)
			h.requireSlots(0)
			require.NoError(t, testbed.Keeps(context.Background(), other.client, lentSize))
		}
	})
}

// borrowing has a handler of the host borrow from the guest, and not return before
// release. kept is closed when its context has ended.
func (h *hub) borrowing(kind string) (g *guest, kept chan struct{}, release func()) {
	h.t.Helper()
	started, kept, held := make(chan struct{}), make(chan struct{}), make(chan struct{})
	h.service = &testbed.Service{
		Blocked: func(start bool) {
			if start {
				close(started)
			}
		},
		Kept: func([]byte) {
			close(kept)
			<-held
		},
	}
	g = h.spawn(kind)
	go func() { _ = g.client.Drive(context.Background(), "kept", lentSize) }()
	<-started
	h.service = &testbed.Service{}
	release = sync.OnceFunc(func() { close(held) })
	h.t.Cleanup(release) // or a failed test would not end
	return g, kept, release
}

// TestLenderKilled: the memory of a guest that was killed stays until a handler that
// borrows has returned. Its entry, with its pool, is given to nobody before.
func TestLenderKilled(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		h := newHub(t, shmring.Config{MaxGuests: 1})
		g, kept, release := h.borrowing(kind)
		g.kill(t)
		<-kept
		g.requireDeath(t)
		_, err := h.host.Spawn(command(kind, "-ticket"))
		require.ErrorIs(t, err, shmring.ErrHubFull)
		release() // the handler reads what it borrowed
		require.ErrorIs(t, <-g.ran, shmring.ErrPeerDied)
		<-g.peer.Done()
		h.requireSlots(0)
	})
}

// TestHostClosesWhenLoansAreBack: also when it goes by force.
func TestHostClosesWhenLoansAreBack(t *testing.T) {
	for _, force := range []bool{false, true} {
		eachKind(t, func(t *testing.T, kind string) {
			h := newHub(t, shmring.Config{MaxGuests: 1})
			g, kept, release := h.borrowing(kind)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if h.cut = force; force {
				cancel()
			}
			var released atomic.Bool
			closed := make(chan error, 1)
			go func() {
				err := h.host.Shutdown(ctx)
				assert.True(t, released.Load(), "the segment was unmapped while a handler borrowed from it")
				closed <- err
			}()
			<-kept
			<-g.handle.Done()
			released.Store(true)
			release()
			if err := <-closed; force {
				require.ErrorIs(t, err, context.Canceled)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

// TestHostKilledWhileAGuestBorrows: the guest's handler reads on, and the guest is gone
// only when it has returned.
func TestHostKilledWhileAGuestBorrows(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine string) {
		before := leaktest.Now(t)
		dir := t.TempDir()
		path, socket := filepath.Join(dir, "segment"), filepath.Join(dir, "join")
		host := servingHost(t, engine, path, socket)
		guest, err := shmring.Attach(path)
		require.NoError(t, err)
		started, kept, held := make(chan struct{}), make(chan struct{}), make(chan struct{})
		var released atomic.Bool
		service := &testbed.Service{
			Blocked: func(start bool) {
				if start {
					close(started)
				}
			},
			Kept: func([]byte) {
				close(kept)
				<-held
				released.Store(true)
			},
		}
		handle, drv, err := driver.EstablishGuest(guest, service, quiet)
		require.NoError(t, err)
		ran := make(chan error, 1)
		go func() { ran <- drv.Run(context.Background()) }()
		go func() { _ = testbed.NewClient(handle).Drive(context.Background(), "kept", lentSize) }()
		<-started
		require.NoError(t, host.Process.Kill())
		<-kept
		<-handle.Done()
		closed := make(chan error, 1)
		go func() {
			err := guest.Close()
			assert.True(t, released.Load(), "the segment was unmapped while a handler borrowed from it")
			closed <- err
		}()
		close(held)
		require.ErrorIs(t, <-ran, shmring.ErrPeerDied)
		require.NoError(t, <-closed)
		_ = host.Wait()
		before.RequireSame(t)
	})
}
