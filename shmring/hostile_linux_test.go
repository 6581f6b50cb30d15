package shmring

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// A guest writes states, epochs, flags, indices and heartbeats of every entry, its own
// or not, while guests come and go. It may disturb them; the host must neither panic
// nor hang, and leave nothing behind when it closes.
func TestHostOutlivesAGuestThatWritesTheWholePeerTable(t *testing.T) {
	for _, path := range []string{"", t.TempDir() + "/segment"} {
		host := newHost(t, Config{
			Path: path, MaxGuests: 4, RingSize: 4, SlotSize: 256, SlotsPerGuest: 2, MaxChannels: 8,
			AttachTimeout: 200 * time.Millisecond, HeartbeatInterval: time.Minute,
		})
		hostile, err := openPath(host.Path())
		require.NoError(t, err)
		stop := make(chan struct{})
		var tasks sync.WaitGroup
		tasks.Go(func() {
			for !isClosed(stop) {
				scribble(hostile)
			}
		})
		tasks.Go(func() {
			for !isClosed(stop) {
				for _, peer := range host.Peers() {
					go drive(peer.Link())
				}
				host.lookAround()
			}
		})
		for range 30 {
			cmd := program("echo")
			cmd.Stderr = nil // it complains about what is written
			_, _ = host.Spawn(cmd)
		}
		close(stop)
		tasks.Wait()
		if path == "" { // on a path it has made walk-up guests out of nothing that never leave
			requireRecovery(t, host)
		}
		require.NoError(t, hostile.close())
		for _, peer := range host.Peers() {
			go drive(peer.Link())
		}
		require.NoError(t, host.Close())
	}
}

// requireRecovery shows that an entry is of use again once the writing has stopped.
func requireRecovery(t *testing.T, host *Host) {
	t.Helper()
	var peer *Peer
	require.Eventually(t, func() bool {
		var err error
		peer, err = host.Spawn(program("echo"))
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	requireEcho(t, peer.Link())
}

// scribble writes one word of the peer table, more often than not one that means
// something.
func scribble(s *segment) {
	id := 1 + rand.Uint32N(s.lay.MaxGuests)
	switch rand.IntN(3) {
	case 0:
		s.setWord(id, wordOf(rand.Uint32N(5), s.word(id).epoch()+rand.Uint32N(3)))
	case 1:
		atomic.StoreUint32(s.peerU32(id, layout.OffPeerGuestFlags), rand.Uint32N(1024))
	default:
		atomic.StoreUint32(s.peerU32(id, uint64(4*rand.IntN(layout.SizePeer/4))), rand.Uint32())
	}
}
