package driver

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/internal/segmenttest"
	"github.com/roam-rpc/roam-go/internal/shmlink"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/shmring"
	"github.com/roam-rpc/roam-go/wire"
)

func init() {
	rawTransports["shared memory"] = connectRawSegment
	rawTransports["foreign shared memory"] = connectRawForeign
}

// The segment of raw peers: its slots hold a little more than the largest payload.
const (
	rawSlotSize    = 4096 + 8
	rawMaxPayload  = 4096
	rawOverPayload = rawSlotSize - layout.GenerationSize
)

// peer is the offset of a field in the entry of guest 1.
func peer(field uint64) uint64 { return segmenttest.Entry(1) + field }

// newRawHost makes a host whose header says the given largest payload to guests that
// come now, with a larger or smaller one on its own side.
func newRawHost(t *testing.T, own, said uint32) (*shmring.Host, *segmenttest.Segment) {
	t.Helper()
	host, err := shmring.Create(shmring.Config{MaxGuests: 1, SlotSize: rawSlotSize, MaxPayload: own,
		InitialCredit: 4096, MaxChannels: 64, Path: filepath.Join(t.TempDir(), "segment")})
	require.NoError(t, err)
	mem := segmenttest.Map(t, host.Path())
	*mem.U32(layout.OffHeaderMaxPayloadSize) = said
	return host, mem
}

// connectRawSegment gives the raw peer a link of its own. It is the one that takes a
// larger payload for allowed, so that it can break that rule too.
func connectRawSegment(t *testing.T, raw Role) (*Handle, *Driver, transport.Transport) {
	own, said := uint32(rawMaxPayload), uint32(rawOverPayload)
	if raw == Acceptor {
		own, said = said, own
	}
	host, mem := newRawHost(t, own, said)
	defer mem.Unmap()
	guest, p := walkUp(t, host)
	if raw == Acceptor {
		handle, drv, err := EstablishGuest(guest, &testbed.Service{}, quiet)
		require.NoError(t, err)
		return handle, drv, shmlink.New(p.Link())
	}
	handle, drv, err := EstablishHostPeer(host, p.ID(), &testbed.Service{}, quiet)
	require.NoError(t, err)
	return handle, drv, shmlink.New(guest.Link())
}

// walkUp attaches a guest to the host.
func walkUp(t *testing.T, host *shmring.Host) (*shmring.Guest, *shmring.Peer) {
	t.Helper()
	guest, err := shmring.Attach(host.Path())
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = guest.Close()
		assert.NoError(t, host.Close())
	})
	p, err := host.Accept(context.Background())
	require.NoError(t, err)
	return guest, p
}

// foreignBuffer bounds what a foreign peer sends as the credit bounds the others.
var foreignBuffer = WithBufferLimit(4096)

// connectRawForeign has a raw peer of another implementation: it keeps neither flags
// nor a channel table.
func connectRawForeign(t *testing.T, raw Role) (*Handle, *Driver, transport.Transport) {
	host, mem := newRawHost(t, rawMaxPayload, rawMaxPayload)
	if raw == Acceptor {
		atomic.StoreUint32(mem.U32(peer(layout.OffPeerHostFlags)), 0)
		guest, _ := walkUp(t, host) // the host's own link is left alone
		handle, drv, err := EstablishGuest(guest, &testbed.Service{}, quiet, foreignBuffer)
		require.NoError(t, err)
		return handle, drv, newForeignPeer(host, mem, true)
	}
	guest := joinForeign(t, host, mem)
	t.Cleanup(func() {
		_ = guest.Close(context.Background())
		assert.NoError(t, host.Close())
	})
	p, err := host.Accept(context.Background())
	require.NoError(t, err)
	require.True(t, p.Link().Foreign())
	handle, drv, err := EstablishHostPeer(host, p.ID(), &testbed.Service{}, quiet, foreignBuffer)
	require.NoError(t, err)
	return handle, drv, guest
}

// foreignPeer is one side of another implementation as a transport for a raw peer: it
// moves messages and looks for more every millisecond, and tells nobody anything.
type foreignPeer struct {
	transport.Transport // what a raw peer does not use
	mem                 *segmenttest.Segment
	host                bool
	bell                net.Conn // of a guest: held for as long as it lives
	end                 *engine.End
	records             []engine.Record
	arena               []byte
}

// newForeignPeer is a side of the one entry of the host's segment. It owns mem.
func newForeignPeer(host *shmring.Host, mem *segmenttest.Segment, isHost bool) *foreignPeer {
	cfg := host.Config()
	hostPool, header := mem.Pool(0)
	guestPool, _ := mem.Pool(1)
	return &foreignPeer{
		mem: mem, host: isHost, records: make([]engine.Record, 16), arena: make([]byte, 1<<20),
		end: engine.New(engine.Place{
			Base: unsafe.Pointer(unsafe.SliceData(mem.Mem)), Host: isHost, Entry: peer(0),
			Ring: *mem.U64(peer(layout.OffPeerRingOffset)), Table: *mem.U64(peer(layout.OffPeerChannelTableOffset)),
			HostPool: hostPool, GuestPool: guestPool, PoolHeader: header, RingSize: cfg.RingSize,
			SlotSize: rawSlotSize, Slots: cfg.SlotsPerGuest, MaxChannels: cfg.MaxChannels,
		}),
	}
}

// joinForeign joins by socket, since a doorbell shows its end at once, and claims the
// entry without flags.
func joinForeign(t *testing.T, host *shmring.Host, mem *segmenttest.Segment) *foreignPeer {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "join")
	require.NoError(t, host.Listen(socket))
	bell, err := net.Dial("unix", socket)
	require.NoError(t, err)
	answer := make([]byte, layout.SizeJoin)
	_, err = io.ReadFull(bell, answer) // the descriptor that comes with it is dropped
	require.NoError(t, err)
	require.EqualValues(t, 1, binary.LittleEndian.Uint16(answer[layout.OffJoinPeerID:]))
	g := newForeignPeer(host, mem, false)
	g.bell = bell
	atomic.StoreUint32(mem.U32(peer(layout.OffPeerGuestFlags)), 0)
	require.True(t, atomic.CompareAndSwapUint32(g.state(), layout.StateReserved, layout.StateAttached))
	return g
}

func (g *foreignPeer) state() *uint32 { return g.mem.U32(peer(layout.OffPeerState)) }

// ended says that the guest has left or was put out, or that the host leaves.
func (g *foreignPeer) ended() bool {
	return atomic.LoadUint32(g.state()) != layout.StateAttached ||
		atomic.LoadUint32(g.mem.U32(layout.OffHeaderHostGoodbye)) != 0
}

var foreignTypes = map[wire.Kind]uint8{
	wire.KindRequest: layout.MsgRequest, wire.KindResponse: layout.MsgResponse, wire.KindCancel: layout.MsgCancel,
	wire.KindData: layout.MsgData, wire.KindClose: layout.MsgClose, wire.KindReset: layout.MsgReset,
	wire.KindGoodbye: layout.MsgGoodbye,
}

func (g *foreignPeer) Stage(m *wire.Message) error {
	if g.ended() {
		return io.EOF
	}
	var prefix []byte
	if m.Kind == wire.KindRequest || m.Kind == wire.KindResponse {
		prefix = wire.AppendMetadataPrefix(nil, m.Metadata)
	}
	header := engine.Header{Type: foreignTypes[m.Kind], ID: uint32(m.ID), Method: m.Method}
	switch g.end.Stage(header, prefix, m.Payload, engine.NoneTaken) {
	case engine.OK:
		return nil
	case engine.NoSpace:
		return transport.ErrNoSpace
	case engine.NoSlot:
		return transport.ErrNoSlot
	}
	return io.ErrShortBuffer
}

func (g *foreignPeer) Commit() { g.end.Commit() }

func (g *foreignPeer) Notify() {}

func (g *foreignPeer) Arm(transport.Kind, uint32) {}

func (g *foreignPeer) Poll(batch []transport.Arrival, _ int) (int, error) {
	over := g.ended() // before the look: what was sent before the end is received
	n, status, _ := g.end.Receive(g.records[:min(len(batch), len(g.records))], g.arena)
	for i, r := range g.records[:n] {
		m := wire.Message{ID: uint64(r.ID), Method: r.Method, Payload: g.arena[r.At : r.At+r.Length]}
		for kind, typ := range foreignTypes {
			if typ == r.Type {
				m.Kind = kind
			}
		}
		if m.Kind == wire.KindRequest || m.Kind == wire.KindResponse {
			var err error
			if m.Metadata, m.Payload, err = wire.SplitMetadataPrefix(m.Payload); err != nil {
				return i, err
			}
		}
		batch[i] = transport.Arrival{Message: m, Size: int(r.Length), Seq: r.Seq}
	}
	if n == 0 && (over || status.Fault()) {
		return 0, io.EOF
	}
	return n, nil
}

func (g *foreignPeer) Wait(bool) error {
	if g.ended() {
		return io.EOF
	}
	head := g.end.WaitWord(engine.Messages, 0)
	if seen := atomic.LoadUint32(head); seen == g.end.Tail() {
		engine.Sleep([]engine.Wait{engine.WaitShared(head, seen)}, time.Millisecond)
	}
	return nil
}

// Close ends the side, as it says in the segment, then the mapping, the doorbell last.
func (g *foreignPeer) Close(context.Context) error {
	if g.mem == nil {
		return nil
	}
	if g.host {
		atomic.StoreUint32(g.mem.U32(layout.OffHeaderHostGoodbye), 1)
	} else {
		atomic.CompareAndSwapUint32(g.state(), layout.StateAttached, layout.StateGoodbye)
	}
	g.end.Close()
	g.mem.Unmap()
	g.mem = nil
	if g.bell == nil {
		return nil
	}
	return g.bell.Close()
}
