package driver

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/internal/leaktest"
	"github.com/roam-rpc/roam-go/internal/segmenttest"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/shmring"
	"github.com/roam-rpc/roam-go/wire"
)

// segmentPair is a host and a guest in this process, over one segment, that serve a
// Testbed to each other.
type segmentPair struct {
	mem             *segmenttest.Segment
	atHost, atGuest *Handle
	drivers         [2]*Driver // of host and guest
	running         sync.WaitGroup
}

// newSegmentPair makes a pair that does not run yet.
func newSegmentPair(t *testing.T, cfg shmring.Config) *segmentPair {
	t.Helper()
	leaktest.Check(t)
	cfg.Path, cfg.MaxGuests = filepath.Join(t.TempDir(), "segment"), 1
	host, err := shmring.Create(cfg)
	require.NoError(t, err)
	p := &segmentPair{mem: segmenttest.Map(t, host.Path())}
	guest, peer := walkUp(t, host)
	t.Cleanup(func() { // before the host is closed
		assert.NoError(t, p.atGuest.Close(context.Background()))
		p.running.Wait()
		p.mem.Unmap()
	})
	p.atHost, p.drivers[0], err = EstablishHostPeer(host, peer.ID(), &testbed.Service{}, quiet)
	require.NoError(t, err)
	p.atGuest, p.drivers[1], err = EstablishGuest(guest, &testbed.Service{}, quiet)
	require.NoError(t, err)
	return p
}

func (p *segmentPair) run() {
	for _, d := range p.drivers {
		p.running.Go(func() { _ = d.Run(context.Background()) })
	}
}

// spy reads every descriptor that its side publishes out of the segment, between Stage
// and Commit, when it is complete and nobody else looks at it. It also counts the kinds
// of messages that its side receives.
type spy struct {
	transport.Transport
	ring []byte  // that this side writes
	head *uint32 // of it

	mu    sync.Mutex
	count uint32       // descriptors published
	types map[byte]int // of descriptors published
	kinds map[wire.Kind]int
}

// spyOn stands between a driver and its transport.
func (p *segmentPair) spyOn(isHost bool) *spy {
	size := uint64(*p.mem.U32(layout.OffHeaderRingSize)) * layout.SizeDesc
	ring, head, d := *p.mem.U64(peer(layout.OffPeerRingOffset)), peer(layout.OffPeerGuestToHostHead), p.drivers[1]
	if isHost {
		ring, head, d = ring+size, peer(layout.OffPeerHostToGuestHead), p.drivers[0]
	}
	s := &spy{Transport: d.c.tr, ring: p.mem.Mem[ring : ring+size], head: p.mem.U32(head),
		types: map[byte]int{}, kinds: map[wire.Kind]int{}}
	d.c.tr = s
	return s
}

func (s *spy) Commit() {
	s.mu.Lock()
	at := uint64(atomic.LoadUint32(s.head)) * layout.SizeDesc % uint64(len(s.ring))
	s.types[s.ring[at+layout.OffDescMsgType]]++
	s.count++
	s.mu.Unlock()
	s.Transport.Commit()
}

func (s *spy) Poll(batch []transport.Arrival, looks int) (int, error) {
	n, err := s.Transport.Poll(batch, looks)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range batch[:n] {
		s.kinds[a.Kind]++
	}
	return n, err
}

// missedNone says that the ring's head has moved once for each descriptor seen.
func (s *spy) missedNone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return atomic.LoadUint32(s.head) == s.count
}

// TestHelloAndCreditNeverCrossSharedMemory looks at every message received and at every
// descriptor published while both sides play all scenarios, and at the Goodbye after.
func TestHelloAndCreditNeverCrossSharedMemory(t *testing.T) {
	p := newSegmentPair(t, shmring.Config{RingSize: 8, InitialCredit: 8 << 10, MaxChannels: 32})
	spies := map[string]*spy{"host": p.spyOn(true), "guest": p.spyOn(false)}
	p.run()
	for name, n := range plays {
		other := make(chan error, 1)
		go func() { other <- testbed.Scenarios[name](context.Background(), testbed.NewClient(p.atHost), n) }()
		require.NoError(t, testbed.Scenarios[name](context.Background(), testbed.NewClient(p.atGuest), n), name)
		require.NoError(t, <-other, name)
	}
	for side, s := range spies {
		require.Eventually(t, s.missedNone, waitLimit, waitTick, "the %s published what was not seen", side)
	}
	require.NoError(t, p.atGuest.Goodbye(context.Background(), "test.over: enough"))
	<-p.atHost.Done()

	for side, s := range spies {
		for _, k := range []wire.Kind{wire.KindHello, wire.KindCredit} {
			assert.Zero(t, s.kinds[k], "%s received by the %s", k, side)
		}
		for typ := range s.types {
			assert.True(t, typ >= layout.MsgRequest && typ <= layout.MsgGoodbye, "type %d published by the %s", typ, side)
		}
		for typ := byte(layout.MsgRequest); typ < layout.MsgGoodbye; typ++ {
			assert.NotZero(t, s.types[typ], "the %s was not busy enough to publish type %d", side, typ)
		}
	}
	assert.NotZero(t, spies["guest"].types[layout.MsgGoodbye])
	assert.NotZero(t, spies["host"].kinds[wire.KindGoodbye])
}

// TestLesson_SenderWithoutASlotWaits: no room in a pool is never an error of a call or
// an item.
func TestLesson_SenderWithoutASlotWaits(t *testing.T) {
	p := newSegmentPair(t, shmring.Config{RingSize: 8, SlotSize: 4096, SlotsPerGuest: 1, InitialCredit: 64 << 10})
	p.run()
	for _, h := range []*Handle{p.atHost, p.atGuest} {
		floodWithCalls(t, testbed.NewClient(h))
	}
}
