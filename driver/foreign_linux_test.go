package driver

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// eachForeignPeer has connections to peers of another implementation, as guests and
// as hosts.
func eachForeignPeer(t *testing.T, run func(t *testing.T, x *target)) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		if x.foreign {
			run(t, x)
		}
	})
}

// TestForeignPeersIDsMayBeAny: ids of a peer without a table are not bounded by the
// table, and it may use one again.
func TestForeignPeersIDsMayBeAny(t *testing.T) {
	eachForeignPeer(t, func(t *testing.T, x *target) {
		for i, ch := range []uint64{x.channel(uint64(x.limits.MaxChannels)), x.channel(1<<31 - 2), x.channel(0), x.channel(0)} {
			id := uint64(i) + 1
			require.True(t, x.raw.send(request(id, testbed.TestbedSumID, ch)))
			require.True(t, x.raw.send(data(ch, string(wire.AppendI64(nil, 41)))))
			require.True(t, x.raw.send(data(ch, string(wire.AppendI64(nil, 1)))))
			require.True(t, x.raw.send(control(wire.KindClose, ch)))
			m, ok := x.raw.next()
			require.True(t, ok)
			assert.Equal(t, wire.KindResponse, m.Kind)
			assert.Equal(t, id, m.ID)
			assert.Equal(t, wire.AppendI64([]byte{0}, 42), m.Payload)
		}
	})
}

// TestIDsForAForeignPeerRunOn: with a peer that frees no entries our ids never repeat,
// and go past the table.
func TestIDsForAForeignPeerRunOn(t *testing.T) {
	eachForeignPeer(t, func(t *testing.T, x *target) {
		c := testbed.NewClient(x.handle)
		last := uint64(0)
		for range x.limits.MaxChannels {
			summed := make(chan error, 1)
			tx, rx := roam.Channel[int32]()
			go func() {
				_, err := c.Sum(context.Background(), rx)
				summed <- err
			}()
			require.NoError(t, tx.Send(context.Background(), 1))
			tx.Close()
			var call, ch uint64
			for kind := wire.Kind(0); kind != wire.KindClose; {
				m, ok := x.raw.next()
				require.True(t, ok)
				if kind = m.Kind; kind == wire.KindRequest {
					d := wire.NewDecoder(m.Payload)
					call, ch = m.ID, d.U64()
				} else {
					require.Equal(t, ch, m.ID)
				}
			}
			require.Greater(t, ch, last)
			last = ch
			require.True(t, x.raw.send(wire.Message{Kind: wire.KindResponse, ID: call, Payload: wire.AppendI64([]byte{0}, 1)}))
			require.NoError(t, <-summed)
		}
		assert.Greater(t, last, uint64(x.limits.MaxChannels))
	})
}

// TestForeignPeerRenewsNoCredit: the initial credit is the whole budget of a channel;
// a send beyond it waits until its context ends, and that is logged once for a channel.
func TestForeignPeerRenewsNoCredit(t *testing.T) {
	eachForeignPeer(t, func(t *testing.T, x *target) {
		var log lockedBuffer
		x.handle.c.log = slog.New(slog.NewTextHandler(&log, nil))
		c := testbed.NewClient(x.handle)
		for channels := 1; channels <= 2; channels++ {
			tx, rx := roam.Channel[[]byte]()
			called := make(chan error, 1)
			calling, giveUp := context.WithCancel(context.Background())
			go func() {
				_, err := c.Drain(calling, rx)
				called <- err
			}()
			item := make([]byte, 1000)
			for range 4 { // of 1002 bytes, out of 4096
				require.NoError(t, tx.Send(context.Background(), item))
			}
			for range 3 {
				waiting, cancel := context.WithCancel(context.Background())
				sent := make(chan error, 1)
				go func() { sent <- tx.Send(waiting, item) }()
				require.Eventually(t, func() bool { return x.handle.waitsForRoom() }, waitLimit, waitTick)
				cancel()
				require.ErrorIs(t, <-sent, context.Canceled)
			}
			assert.Equal(t, channels, strings.Count(log.String(), "renews no credit"), "once for each channel: %s", &log)
			require.NoError(t, tx.Send(context.Background(), make([]byte, 50)), "what the budget still allows")
			giveUp()
			require.ErrorIs(t, <-called, context.Canceled)
		}
	})
}

// waitsForRoom says that a goroutine sleeps until there is credit, or other room.
func (h *Handle) waitsForRoom() bool {
	p := &h.c.park
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.blocked.len()) > 0
}

// TestForeignPeerMayGoOnWhereWeRead: what it sends is bounded by what lies unread, not
// by credit: many times the buffer limit passes where somebody takes it.
func TestForeignPeerMayGoOnWhereWeRead(t *testing.T) {
	eachForeignPeer(t, func(t *testing.T, x *target) {
		const items, size = 100, 1000
		called := make(chan error, 1)
		tx, rx := roam.Channel[[]byte]()
		go func() { called <- testbed.NewClient(x.handle).Flood(context.Background(), items*size, size, tx) }()
		m, ok := x.raw.next()
		require.True(t, ok)
		d := wire.NewDecoder(m.Payload)
		d.U64()
		d.U32()
		ch := d.U64()
		for range items {
			require.True(t, x.raw.send(data(ch, string(wire.AppendBytes(nil, make([]byte, size))))))
			_, err := rx.Recv(context.Background())
			require.NoError(t, err)
		}
		require.True(t, x.raw.send(control(wire.KindClose, ch)))
		require.True(t, x.raw.send(wire.Message{Kind: wire.KindResponse, ID: m.ID, Payload: []byte{0}}))
		require.NoError(t, <-called)
	})
}
