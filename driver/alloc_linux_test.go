package driver

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/shmring"
)

// connectSegment runs both ends of a connection over a segment in this process and
// gives a client of the guest's. prepare, if not nil, is given each end before it runs.
func connectSegment(t testing.TB, prepare func(*conn)) *testbed.Client {
	host, err := shmring.Create(shmring.Config{Path: filepath.Join(t.TempDir(), "segment"), MaxGuests: 1})
	require.NoError(t, err)
	guest, err := shmring.Attach(host.Path())
	require.NoError(t, err)
	peer, err := host.Accept(context.Background())
	require.NoError(t, err)
	atHost, runHost, err := EstablishHostPeer(host, peer.ID(), &testbed.Service{}, quiet)
	require.NoError(t, err)
	atGuest, runGuest, err := EstablishGuest(guest, &testbed.Service{}, quiet)
	require.NoError(t, err)
	if prepare != nil {
		prepare(runHost.c)
		prepare(runGuest.c)
	}
	var running sync.WaitGroup
	running.Go(func() { _ = runHost.Run(context.Background()) })
	running.Go(func() { _ = runGuest.Run(context.Background()) })
	t.Cleanup(func() {
		assert.NoError(t, atGuest.Close(context.Background()))
		running.Wait()
		assert.NoError(t, host.Close())
	})
	return testbed.NewClient(atHost)
}

// BenchmarkUnary are calls with both sides in one process: allocations are those of
// client, handler and all between them.
func BenchmarkUnary(b *testing.B) {
	for name, call := range map[string]func(*testbed.Client, context.Context, uint64, uint64) (uint64, error){
		"Goroutine": (*testbed.Client).Add, "Inline": (*testbed.Client).Inline,
	} {
		b.Run(name, func(b *testing.B) {
			client := connectSegment(b, nil)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := call(client, context.Background(), 1, 2); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
