package shmring

import (
	"context"
	"math"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// hub is a segment with the links of both sides to several guests, all in this
// process. Host and guests map it apart, so that no address is shared.
type hub struct {
	t     testing.TB
	host  *segment
	pool  *hostPool
	pairs []*pair
}

// pair is the two ends of one guest.
type pair struct {
	host, guest *Link
	guestSeg    *segment
}

// pairConfig says how the two sides of a pair are joined.
type pairConfig struct {
	words   bool   // no doorbell: a walk-up guest
	start   uint32 // where all four ring indices start
	foreign bool   // neither side keeps flags or table
}

func newHub(t testing.TB, c Config) *hub {
	t.Helper()
	lay, err := c.withDefaults().layout()
	require.NoError(t, err)
	file, err := createMemfd()
	require.NoError(t, err)
	seg, err := newSegment(file, lay)
	require.NoError(t, err)
	seg.publish()
	h := &hub{t: t, host: seg, pool: newHostPool(seg)}
	t.Cleanup(func() { require.NoError(t, seg.close()) })
	return h
}

// attach makes the links of the next guest.
func (h *hub) attach(c pairConfig) *pair {
	h.t.Helper()
	id := uint32(len(h.pairs) + 1)
	fd, err := unix.Dup(int(h.host.file.Fd()))
	require.NoError(h.t, err)
	guestSeg, err := openSegment(os.NewFile(uintptr(fd), "segment"))
	require.NoError(h.t, err)

	for _, field := range []uint64{layout.OffPeerGuestToHostHead, layout.OffPeerGuestToHostTail,
		layout.OffPeerHostToGuestHead, layout.OffPeerHostToGuestTail} {
		atomic.StoreUint32(h.host.peerU32(id, field), c.start)
	}
	h.host.setGuestFlags(id)
	if c.foreign {
		atomic.StoreUint32(h.host.peerU32(id, layout.OffPeerGuestFlags), 0)
		atomic.StoreUint32(h.host.peerU32(id, layout.OffPeerHostFlags), 0)
	}
	h.host.setWord(id, wordOf(layout.StateAttached, 1))

	var hostBell, guestBell *doorbell
	if !c.words {
		hostBell, guestBell = bellPair(h.t)
	}
	p := &pair{
		host:     newLink(linkConfig{seg: h.host, peer: id, host: true, bell: hostBell, hostPool: h.pool}),
		guest:    newLink(linkConfig{seg: guestSeg, peer: id, bell: guestBell}),
		guestSeg: guestSeg,
	}
	h.pairs = append(h.pairs, p)
	h.t.Cleanup(p.close)
	return p
}

// onePair is a hub with a single guest.
func onePair(t testing.TB, c Config, pc pairConfig) *pair { return newHub(t, c).attach(pc) }

// bellPair is a doorbell's two ends.
func bellPair(t testing.TB) (a, b *doorbell) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	a, err = newDoorbell(fds[0])
	require.NoError(t, err)
	b, err = newDoorbell(fds[1])
	require.NoError(t, err)
	return a, b
}

func (p *pair) close() {
	p.guest.retire()
	p.host.retire()
	p.hangUp(p.guest)
	p.hangUp(p.host)
	if p.guestSeg.mem != nil {
		_ = p.guestSeg.close()
	}
}

// hangUp closes the doorbell of one side, as its death would.
func (p *pair) hangUp(l *Link) {
	if l.bell != nil {
		_ = l.bell.close()
	}
}

// sendNow stages and commits; the ring has room.
func sendNow(t testing.TB, l *Link, m Message) {
	t.Helper()
	require.NoError(t, l.Stage(&m, nil))
	l.Commit()
	l.Notify()
}

// receiveSome receives at least one message or an error. The caller owns l's Wait.
func receiveSome(l *Link, b *Batch) (int, error) {
	for {
		n, err := l.Receive(b)
		l.Notify()
		if n > 0 || err != nil {
			return n, err
		}
		l.Arm(KindMessages, 0)
		if !l.Pending() {
			_ = l.Wait(true) // Receive says why the link ended, after what lies in the ring
		}
		l.Disarm(KindMessages, 0)
	}
}

// receiveOne receives exactly one message that is there.
func receiveOne(t testing.TB, l *Link) Message {
	t.Helper()
	b := NewBatch(1)
	n, err := l.Receive(b)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	return b.Messages[0]
}

// within is a context for what must end; it only keeps a broken test from hanging.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// freeSlots are the free slots of pool id in the host's view.
func (h *hub) freeSlots(id uint32) uint32 {
	free := uint32(0)
	for i := range h.host.lay.SlotsPerGuest {
		word := atomic.LoadUint64(h.host.u64(h.host.lay.pool(id) + 8*uint64(i/64)))
		free += uint32(word >> (i % 64) & 1)
	}
	return free
}

// nearWrap starts counters so that they wrap after a few messages.
const nearWrap = math.MaxUint32 - 5
