package core

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/flow"
	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/wire"
)

// Limits of the connections that tests make, bytes.
const (
	testMaxPayload = 1000
	testWindow     = 100
	testBuffered   = 1000 // of a foreign peer's channel
)

// peer plays the other side of one core by hand.
type peer struct {
	t     *testing.T
	core  *Core
	table *table // nil over byte streams
	head  uint32 // messages published to the core
}

func newPeer(t *testing.T, role handshake.Role, maxChannels uint32, make func(*peer) (flow.Provider, Config)) *peer {
	p := &peer{t: t}
	f, cfg := make(p)
	cfg.Flow = f
	cfg.Limits = handshake.Negotiated{Role: role, MaxPayload: testMaxPayload, InitialCredit: testWindow, MaxChannels: maxChannels}
	p.core = New(cfg)
	return p
}

// streams is the peer of a core over a byte stream.
func streams(t *testing.T, role handshake.Role) *peer {
	return newPeer(t, role, 0, func(*peer) (flow.Provider, Config) {
		return flow.NewMessages(role.Parity(), testWindow), Config{}
	})
}

// shared is the peer of a core over shared memory, both with channel tables.
func shared(t *testing.T, role handshake.Role, maxChannels uint32) *peer {
	return newPeer(t, role, maxChannels, func(p *peer) (flow.Provider, Config) {
		p.table = newTable(maxChannels, func(format string, args ...any) { t.Helper(); t.Fatalf(format, args...) })
		return flow.NewTable(p.entries(role), role.Parity(), testWindow, maxChannels), Config{StrictInFlight: true}
	})
}

// entries is the table as the core sees it.
func (p *peer) entries(role handshake.Role) *entries {
	return &entries{table: p.table, parity: uint32(role.Parity()), head: func() uint32 { return p.head }}
}

// foreign is the peer of a core over shared memory that keeps no channel table.
func foreign(t *testing.T, role handshake.Role, maxChannels uint32) *peer {
	return newPeer(t, role, maxChannels, func(*peer) (flow.Provider, Config) {
		return flow.NewForeign(role.Parity(), testWindow, testBuffered), Config{AnyPeerID: true}
	})
}

// receive gives the core a message.
func (p *peer) receive(m wire.Message) error {
	p.head++
	err := p.core.Receive(&m, len(m.Payload))
	p.core.Processed(p.head)
	return err
}

// send is receive of messages that break no rule.
func (p *peer) send(messages ...wire.Message) {
	p.t.Helper()
	for _, m := range messages {
		require.NoError(p.t, p.receive(m), "%s %d", m.Kind, m.ID)
	}
}

// breaks is receive of a message that breaks a rule.
func (p *peer) breaks(rule string, m wire.Message) {
	p.t.Helper()
	requireViolation(p.t, rule, p.receive(m))
}

func requireViolation(t *testing.T, rule string, err error) {
	t.Helper()
	var v *Violation
	require.ErrorAs(t, err, &v)
	assert.Equal(t, rule, v.Rule, v.Detail)
	assert.Contains(t, err.Error(), rule+": ", "the Goodbye reason starts with the rule")
}

// arrive sends a Request and gives what the driver is to prepare.
func (p *peer) arrive(id uint64) *Request {
	p.t.Helper()
	p.effects()
	p.send(request(id))
	fx := p.effects()
	require.Len(p.t, fx, 1)
	require.Equal(p.t, Arrived, fx[0].Kind)
	return fx[0].Request
}

// serve is a Request that the core accepted, with these channels.
func (p *peer) serve(id uint64, ends ...End) *Request {
	p.t.Helper()
	r := p.arrive(id)
	require.NoError(p.t, p.core.Accept(r, ends))
	return r
}

// admitted is a call with channels that is not published yet.
func (p *peer) admitted(sends ...bool) *Call {
	p.t.Helper()
	k := new(Call)
	ok, err := p.core.TakeChannels(k, sends)
	require.NoError(p.t, err)
	require.True(p.t, ok, "no channel ids")
	ok, err = p.core.Admit(k)
	require.NoError(p.t, err)
	require.True(p.t, ok, "no place in flight")
	return k
}

// call is a call that the core published; sends tells for each of its channels
// whether the core sends on it.
func (p *peer) call(sends ...bool) *Call {
	p.t.Helper()
	k := p.admitted(sends...)
	require.NoError(p.t, p.core.CommitCall(k))
	return k
}

// answer is the Response to a served request, published.
func (p *peer) answer(r *Request) {
	p.t.Helper()
	require.Nil(p.t, p.core.NextOut(), "queued messages go first")
	require.NoError(p.t, p.core.CommitResponse(r))
}

// published takes what the core queued, as the driver does when there is room.
func (p *peer) published() []wire.Message {
	p.t.Helper()
	var all []wire.Message
	for {
		out := p.core.NextOut()
		if out == nil {
			return all
		}
		require.True(p.t, p.core.CommitOut(out))
		all = append(all, out.Message)
		p.core.Published(out)
	}
}

func (p *peer) effects() []Effect { return p.core.TakeEffects(nil) }

// take is the next item of a channel that must have one.
func (p *peer) take(ch *Channel) []byte {
	p.t.Helper()
	item, ok, err := p.core.Take(ch, nil)
	require.NoError(p.t, err)
	require.True(p.t, ok, "no item")
	return item
}

// ended is why there is nothing more to take.
func (p *peer) ended(ch *Channel) error {
	p.t.Helper()
	_, ok, err := p.core.Take(ch, nil)
	require.False(p.t, ok)
	return err
}

// atRest checks that nothing is left of what was open.
func (p *peer) atRest() {
	p.t.Helper()
	assert.Equal(p.t, Counts{}, p.core.Counts())
	assert.False(p.t, p.core.Busy())
	if p.table != nil {
		assert.Empty(p.t, p.table.active(), "entries that are not Free")
		n := p.core.IDLimit()
		ok, err := p.core.TakeChannels(new(Call), make([]bool, n))
		assert.True(p.t, ok && err == nil, "not all %d ids come back", n)
	}
}

// room is what the core may send on a channel now.
func (p *peer) room(ch *Channel) uint32 {
	p.t.Helper()
	room, err := p.core.SendRoom(ch)
	require.NoError(p.t, err)
	return room
}

func request(id uint64) wire.Message  { return wire.Message{Kind: wire.KindRequest, ID: id, Method: 7} }
func cancel(id uint64) wire.Message   { return wire.Message{Kind: wire.KindCancel, ID: id} }
func closeOf(id uint64) wire.Message  { return wire.Message{Kind: wire.KindClose, ID: id} }
func resetOf(id uint64) wire.Message  { return wire.Message{Kind: wire.KindReset, ID: id} }
func units(id uint64) wire.Message    { return data(id, nil) }
func response(id uint64) wire.Message { return answerOf(id, 0, 42) }
func unknownMethod(id uint64) wire.Message {
	return answerOf(id, 1, byte(UnknownMethod))
}

func answerOf(id uint64, payload ...byte) wire.Message {
	return wire.Message{Kind: wire.KindResponse, ID: id, Payload: payload}
}

func data(id uint64, payload []byte) wire.Message {
	return wire.Message{Kind: wire.KindData, ID: id, Payload: payload}
}

func credit(id uint64, n uint32) wire.Message {
	return wire.Message{Kind: wire.KindCredit, ID: id, Credit: n}
}

// kinds shortens messages to what matters to most tests.
type sent struct {
	Kind wire.Kind
	ID   uint64
}

func kinds(messages []wire.Message) []sent {
	var all []sent
	for _, m := range messages {
		all = append(all, sent{m.Kind, m.ID})
	}
	return all
}
