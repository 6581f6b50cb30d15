package core

import (
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/flow"
	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/wire"
)

func TestLesson_ChannelMessagesOutOfOrder(t *testing.T) {
	// A message that cannot be sent must not be overtaken by later ones.
	p := streams(t, handshake.Acceptor)
	r := p.serve(1, End{ID: 1, Sends: true}, End{ID: 3})
	p.send(data(3, []byte("x")))
	p.take(r.Channels[1]) // a Credit waits for room
	p.core.Reset(r.Channels[1])
	p.core.Close(r.Channels[0])
	first := p.core.NextOut()
	require.NotNil(t, first, "whoever sends looks here first")
	// An item that was staged meanwhile comes too late for the channel.
	_, err := p.core.CommitData(r.Channels[0], 1)
	assert.ErrorIs(t, err, roam.ErrChannelClosed)
	p.core.Respond(r, nil, []byte{0})
	assert.Same(t, first, p.core.NextOut(), "what was decided first stays first")
	assert.Equal(t, []sent{{wire.KindReset, 3}, {wire.KindClose, 1}, {wire.KindResponse, 1}}, kinds(p.published()))
}

func TestLesson_DataArrivesBeforeItsRequest(t *testing.T) {
	// Nothing can be committed on a channel before its Request is: there is no credit
	// before that.
	p := streams(t, handshake.Initiator)
	k := p.admitted(true)
	ok, err := p.core.CommitData(k.Channels[0], 1)
	require.NoError(t, err)
	assert.False(t, ok)
	require.NoError(t, p.core.CommitCall(k))
	ok, err = p.core.CommitData(k.Channels[0], 1)
	require.NoError(t, err)
	assert.True(t, ok)

	// The channels are open before the next message is received.
	q := streams(t, handshake.Acceptor)
	q.breaks(wire.RuleChannelUnknown, data(1, []byte("x")))
	r := q.serve(1, End{ID: 1})
	q.send(data(1, []byte("x")))
	assert.Equal(t, []byte("x"), q.take(r.Channels[0]))
}

func TestLesson_FirstValueArrivesTheRestNever(t *testing.T) {
	everywhere(t, func(f *fixture) {
		for i := range 10_000 {
			// One at a time, and several: each wakes the reader and comes out.
			for range 1 + i%3 {
				f.send(data(3, fmt.Append(nil, i)))
				assert.Equal(t, []Effect{{Kind: Wake, Channel: f.hrx}}, f.effects())
			}
			for range 1 + i%3 {
				assert.Equal(t, fmt.Sprint(i), string(f.take(f.hrx)))
			}
			f.published()
		}
		f.send(closeOf(3))
		f.ended(f.hrx, io.EOF)
	})
}

func TestLesson_StuckAfter2To32Messages(t *testing.T) {
	p := shared(t, handshake.Initiator, 4)
	p.head = math.MaxUint32 - 500
	p.core.Processed(p.head)
	p.core.nextID = math.MaxUint32 - 100
	for range 1000 { // ids, entries and ring positions across the wrap
		k := p.call(true, false)
		rx := k.Channels[1]
		p.send(data(rx.ID, []byte("x")), closeOf(rx.ID))
		assert.Equal(t, []byte("x"), p.take(rx))
		p.table.entry[rx.ID].active = false
		p.core.Close(k.Channels[0])
		p.published()
		p.table.entry[k.Channels[0].ID].active = false
		p.send(response(k.ID))
	}
	p.atRest()
}

func TestLesson_StuckAfter2To32Bytes(t *testing.T) {
	const window, before = 1 << 30, 50 // bytes; how far from the wrap the items start
	stream, table := streams(t, handshake.Acceptor), shared(t, handshake.Acceptor, 8)
	stream.core.cfg.Flow = flow.NewMessages(0, window)
	table.core.cfg.Flow = flow.NewTable(table.entries(handshake.Acceptor), 0, window, 8)
	for name, p := range map[string]*peer{"stream": stream, "table": table} {
		t.Run(name, func(t *testing.T) {
			f := openChannels(p)
			grant := func(n uint32) {
				if p.table != nil {
					p.table.entry[2].granted += n
				} else {
					p.send(credit(2, n))
				}
			}
			for _, n := range []uint32{window, window, window, window - before} {
				require.True(t, f.sends(f.tx, n))
				grant(n)
				require.NoError(t, p.core.cfg.Flow.Received(&f.rx.window, n))
				p.core.cfg.Flow.Consumed(&f.rx.window, n, true)
			}
			for range 20 {
				require.True(t, f.sends(f.tx, 10))
				require.Equal(t, uint32(window-10), f.room(f.tx))
				grant(10)
				f.send(data(4, make([]byte, 10)))
				f.take(f.rx)
			}
			assert.False(t, f.sends(f.tx, window+1))
			assert.True(t, f.sends(f.tx, window))
			assert.Error(t, p.core.cfg.Flow.Received(&f.rx.window, window+1))
			assert.NoError(t, p.core.cfg.Flow.Received(&f.rx.window, window))
		})
	}
}

func TestLesson_UserErrorsLost(t *testing.T) {
	// A declared error is neither a refusal for the caller nor changed on its way.
	p := streams(t, handshake.Initiator)
	k := p.call(true)
	p.send(answerOf(k.ID, 1, 0, 2, 'n', 'o'))
	assert.Equal(t, []byte{1, 0, 2, 'n', 'o'}, k.Payload)
	assert.Equal(t, uint32(testWindow), p.room(k.Channels[0]))

	q := streams(t, handshake.Acceptor)
	q.core.Respond(q.serve(1), wire.AppendMetadata(nil, wire.Metadata{{Key: "k", Value: wire.U64Value(1)}}), []byte{1, 0, 7})
	out := q.published()
	require.Len(t, out, 1)
	assert.Equal(t, []byte{1, 0, 7}, out[0].Payload)
	n, ok := wire.FindU64(out[0].Metadata, "k")
	assert.True(t, ok && n == 1)
}

func TestLesson_CallCancelledItsEntriesStay(t *testing.T) {
	p := shared(t, handshake.Initiator, 8)
	for i := range 10_000 {
		k := p.call(true, false)
		p.core.Cancel(k)
		p.published()
		p.effects()
		for _, ch := range k.Channels { // the callee got both Resets
			p.table.entry[ch.ID].active = false
		}
		if i%2 == 0 {
			p.send(response(k.ID))
		} else {
			p.send(answerOf(k.ID, 1, 3))
		}
	}
	p.atRest()
	assert.Zero(t, p.core.calls.len())
	assert.Empty(t, p.core.channels)
}

func TestLesson_MemoryGrowsWithoutEnd(t *testing.T) {
	// Nothing of what the core queues goes out; whatever a peer does, that is bounded
	// by what is open.
	t.Run("unknown methods", func(t *testing.T) {
		p := streams(t, handshake.Acceptor)
		for id := uint64(1); ; id++ {
			m := request(id)
			if err := p.receive(m); err != nil {
				requireViolation(t, wire.RuleInFlight, err)
				break
			}
			if fx := p.effects(); len(fx) > 0 {
				p.core.Refuse(fx[0].Request, UnknownMethod)
			}
		}
		assert.Equal(t, 2*MaxInFlight, p.core.Counts().Outbox)
	})
	t.Run("one channel", func(t *testing.T) {
		everywhere(t, func(f *fixture) {
			for range 1000 {
				f.send(data(3, make([]byte, testWindow/2)), units(3), units(4))
				f.take(f.hrx)
				f.take(f.hrx)
				assert.LessOrEqual(t, f.core.Counts().Outbox, 1)
			}
			for range 1000 {
				f.send(resetOf(2))
				f.core.Reset(f.rx)
				f.core.Returned(f.request)
				f.core.Cancel(f.call)
				f.send(cancel(f.request.ID))
			}
			assert.LessOrEqual(t, f.core.Counts().Outbox, 1+4, "a Cancel, and one for each channel")
		})
	})
	t.Run("calls given up", func(t *testing.T) {
		p := streams(t, handshake.Initiator)
		for {
			k := new(Call)
			ok, err := p.core.Admit(k)
			require.NoError(t, err)
			if !ok {
				break
			}
			require.NoError(t, p.core.CommitCall(k))
			p.core.Cancel(k)
		}
		assert.Equal(t, Counts{Calls: MaxInFlight, Outbox: MaxInFlight}, p.core.Counts())
	})
}

func TestLesson_SlowServerOutOfMemory(t *testing.T) {
	// What lies unread is bounded by credit, what waits for a handler by places in flight.
	everywhere(t, func(f *fixture) {
		for f.receive(data(3, []byte("0123456789"))) == nil {
		}
		assert.LessOrEqual(t, len(f.hrx.queue.buf), testBuffered*11/10)
		for id := uint64(100); ; id++ {
			if f.receive(request(id)) != nil {
				break
			}
		}
		assert.LessOrEqual(t, f.core.Counts().Serving, 2*MaxInFlight)
	})
}

func TestLesson_DroppedStreamsPinMemory(t *testing.T) {
	// The end of a handler is the end of what it left open and unread.
	everywhere(t, func(f *fixture) {
		f.send(data(3, make([]byte, testWindow)))
		f.core.Returned(f.request)
		assert.Zero(t, cap(f.hrx.queue.buf))
		f.published()
		f.answer(f.request)
		f.send(closeOf(3))
		assert.Equal(t, 2, f.core.Counts().Channels, "those of the call of this side")
	})
}
