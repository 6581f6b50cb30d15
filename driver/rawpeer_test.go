package driver

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/internal/leaktest"
	"github.com/roam-rpc/roam-go/internal/stream"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/internal/transporttest"
	"github.com/roam-rpc/roam-go/wire"
)

// rawPeer speaks to a connection message by message, and may break any rule.
type rawPeer struct {
	t     *testing.T
	tr    transport.Transport
	batch []transport.Arrival
	queue []wire.Message
}

func newRawPeer(t *testing.T, tr transport.Transport) *rawPeer {
	tr.Arm(transport.Messages, 0)
	tr.Arm(transport.Space, 0)
	tr.Arm(transport.Slot, 0)
	return &rawPeer{t: t, tr: tr, batch: make([]transport.Arrival, 16)}
}

// send puts m on the transport, waiting for room; false when the connection ended.
func (r *rawPeer) send(m wire.Message) bool {
	for {
		err := r.tr.Stage(&m)
		if err == nil {
			r.tr.Commit()
			r.tr.Notify()
			return true
		}
		if lack, _ := lacking(err); lack == nil || r.tr.Wait(true) != nil {
			return false
		}
	}
}

// next is the next message of the connection; false when it ended.
func (r *rawPeer) next() (wire.Message, bool) {
	for len(r.queue) == 0 {
		n, err := r.tr.Poll(r.batch, 0)
		for _, a := range r.batch[:n] {
			m := a.Message
			m.Payload = append([]byte(nil), m.Payload...)
			m.Metadata = append([]byte(nil), m.Metadata...)
			r.queue = append(r.queue, m)
		}
		r.tr.Notify()
		if n == 0 && err != nil {
			return wire.Message{}, false
		}
		if n == 0 {
			_ = r.tr.Wait(true) // an end shows in Receive, after what came before it
		}
	}
	m := r.queue[0]
	r.queue = r.queue[1:]
	return m, true
}

// goodbye reads until the connection says why it ends.
func (r *rawPeer) goodbye() string {
	for {
		m, ok := r.next()
		if !ok {
			return ""
		}
		if m.Kind == wire.KindGoodbye {
			return string(m.Payload)
		}
	}
}

// target is a connection under test with a raw peer on the other side.
type target struct {
	handle  *Handle
	raw     *rawPeer
	limits  handshake.Negotiated
	shared  bool // over shared memory, with a channel table
	foreign bool // over shared memory, with a peer that keeps no table
}

// rawTransports connect a raw peer of the given role to a connection that serves a
// Testbed. Those over shared memory stand with the systems that have it.
var rawTransports = map[string]func(t *testing.T, raw Role) (*Handle, *Driver, transport.Transport){
	"pipe":        connectRawPipe,
	"unix socket": connectRawSocket,
}

func eachRawPeer(t *testing.T, run func(t *testing.T, x *target)) {
	for name, connect := range rawTransports {
		for _, role := range []Role{Initiator, Acceptor} {
			t.Run(name+", raw "+role.String(), func(t *testing.T) {
				leaktest.Check(t)
				handle, drv, tr := connect(t, role)
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_ = drv.Run(context.Background())
				}()
				run(t, &target{handle: handle, raw: newRawPeer(t, tr), limits: handle.Limits(),
					shared: name == "shared memory", foreign: name == "foreign shared memory"})
				assert.NoError(t, handle.Close(context.Background()))
				<-ended
				_ = tr.Close(context.Background())
			})
		}
	}
}

var quiet = WithLogger(slog.New(slog.DiscardHandler))

func connectRawPipe(_ *testing.T, raw Role) (*Handle, *Driver, transport.Transport) {
	a, b := transporttest.New(8)
	handle, drv := pipeConn(a, raw.Other())
	return handle, drv, b
}

func connectRawSocket(t *testing.T, raw Role) (*Handle, *Driver, transport.Transport) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	require.NoError(t, err)
	defer l.Close()
	dialled, err := net.Dial("unix", l.Addr().String())
	require.NoError(t, err)
	accepted, err := l.Accept()
	require.NoError(t, err)

	tr := stream.New(dialled, handshakeFrame)
	shaken := make(chan error, 1)
	limits := handshake.Limits{MaxPayload: pipeLimits.MaxPayload, InitialCredit: pipeLimits.InitialCredit}
	go func() {
		_, err := handshake.Exchange(tr, raw, limits).Negotiate(context.Background())
		shaken <- err
	}()
	handle, drv, err := EstablishStream(context.Background(), accepted, raw.Other(), &testbed.Service{}, quiet, WithLimits(limits))
	require.NoError(t, err)
	require.NoError(t, <-shaken)
	tr.SetLimits(1 << 20)
	return handle, drv, tr
}

// channel is the n-th channel id, from 0, that the raw peer may use.
func (x *target) channel(n uint64) uint64 {
	if x.limits.Role == Acceptor {
		return 1 + 2*n
	}
	return 2 + 2*n
}

// request is a Request whose arguments are channel ids.
func request(id, method uint64, channels ...uint64) wire.Message {
	m := wire.Message{Kind: wire.KindRequest, ID: id, Method: method}
	for _, ch := range channels {
		m.Payload = wire.AppendU64(m.Payload, ch)
	}
	return m
}

func data(channel uint64, payload string) wire.Message {
	return wire.Message{Kind: wire.KindData, ID: channel, Payload: []byte(payload)}
}

func control(kind wire.Kind, id uint64) wire.Message { return wire.Message{Kind: kind, ID: id} }

// requireGoodbye says that the connection ended over rule, and told the peer.
func (x *target) requireGoodbye(t *testing.T, rule string) {
	t.Helper()
	reason := x.raw.goodbye()
	assert.True(t, strings.HasPrefix(reason, rule), "goodbye %q does not start with %q", reason, rule)
	<-x.handle.Done()
	assert.ErrorContains(t, x.handle.Err(), rule)
}
