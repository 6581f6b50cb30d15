package driver

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/shmring"
	"github.com/roam-rpc/roam-go/wire"
)

// spy counts the kinds of messages that a connection stages and receives.
type spy struct {
	transport.Transport
	mu    sync.Mutex
	kinds map[wire.Kind]int
}

func (s *spy) saw(k wire.Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kinds[k]++
}

func (s *spy) Stage(m *wire.Message) error {
	s.saw(m.Kind)
	return s.Transport.Stage(m)
}

func (s *spy) Receive(batch []transport.Arrival) (int, error) {
	n, err := s.Transport.Receive(batch)
	for _, a := range batch[:n] {
		s.saw(a.Kind)
	}
	return n, err
}

// TestHelloAndCreditNeverCrossSharedMemory looks at every message and at every
// descriptor of the rings while both sides play all scenarios.
func TestHelloAndCreditNeverCrossSharedMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "segment")
	host, err := shmring.Create(shmring.Config{Path: path, MaxGuests: 1, RingSize: 8, InitialCredit: 8 << 10, MaxChannels: 32})
	require.NoError(t, err)
	defer func() { assert.NoError(t, host.Close()) }()
	guest, err := shmring.Attach(path)
	require.NoError(t, err)
	peer, err := host.Accept(context.Background())
	require.NoError(t, err)

	atHost, runHost, err := EstablishHostPeer(host, peer.ID(), &testbed.Service{}, quiet)
	require.NoError(t, err)
	atGuest, runGuest, err := EstablishGuest(guest, &testbed.Service{}, quiet)
	require.NoError(t, err)
	var running sync.WaitGroup
	var spies []*spy
	for _, d := range []*Driver{runHost, runGuest} {
		s := &spy{Transport: d.c.tr, kinds: map[wire.Kind]int{}}
		d.c.tr = s
		spies = append(spies, s)
		running.Go(func() { _ = d.Run(context.Background()) })
	}

	busy, done := context.WithCancel(context.Background())
	seen := scanDescriptors(t, busy, path)
	for name, n := range plays {
		other := make(chan error, 1)
		go func() { other <- testbed.Scenarios[name](busy, testbed.NewClient(atHost), n) }()
		require.NoError(t, testbed.Scenarios[name](busy, testbed.NewClient(atGuest), n), name)
		require.NoError(t, <-other, name)
	}
	done()
	types := <-seen
	require.NoError(t, atGuest.Close(context.Background()))
	running.Wait()

	for _, s := range spies {
		assert.Zero(t, s.kinds[wire.KindHello])
		assert.Zero(t, s.kinds[wire.KindCredit])
		for _, k := range []wire.Kind{wire.KindRequest, wire.KindResponse, wire.KindData, wire.KindClose, wire.KindReset, wire.KindCancel} {
			assert.NotZero(t, s.kinds[k], "the connection was not busy enough to see a %s", k)
		}
	}
	for typ := range types {
		assert.LessOrEqual(t, typ, byte(layout.MsgGoodbye), "a descriptor type that does not exist")
	}
	assert.Contains(t, types, byte(layout.MsgRequest))
	assert.Contains(t, types, byte(layout.MsgData))
}

// scanDescriptors collects the message types that lie in the rings of peer 1, over
// and over until ctx ends.
func scanDescriptors(t *testing.T, ctx context.Context, path string) <-chan map[byte]bool {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	mem, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	require.NoError(t, err)
	entry := mem[layout.SizeHeader:]
	ring := *(*uint64)(ptr(entry[layout.OffPeerRingOffset:]))
	size := *(*uint32)(ptr(mem[layout.OffHeaderRingSize:]))
	out := make(chan map[byte]bool, 1)
	go func() {
		types := map[byte]bool{}
		for ctx.Err() == nil {
			for i := range uint64(2 * size) {
				types[mem[ring+i*layout.SizeDesc+layout.OffDescMsgType]] = true
			}
		}
		_ = unix.Munmap(mem)
		out <- types
	}()
	return out
}

// ptr is for reading little-endian fields of a mapping on this little-endian system.
func ptr(b []byte) unsafe.Pointer { return unsafe.Pointer(&b[0]) }
