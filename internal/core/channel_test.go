package core

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/wire"
)

// fixture is an acceptor with one channel of each kind: of a call of its own, of a
// request that it serves, each way.
type fixture struct {
	*peer
	call    *Call
	request *Request
	tx, rx  *Channel // 2 and 4: the core is the caller
	htx     *Channel // 1: the core's handler sends
	hrx     *Channel // 3: the core's handler receives
}

// unopened are ids that are nobody's: of the core, of the other side.
const unopened, theirUnopened = 6, 5

func openChannels(p *peer) *fixture {
	p.t.Helper()
	f := &fixture{peer: p, call: p.call(true, false)}
	f.tx, f.rx = f.call.Channels[0], f.call.Channels[1]
	if p.table != nil {
		for _, id := range []int{1, 3} {
			p.table.entry[id] = entry{active: true, granted: testWindow}
		}
	}
	f.request = p.serve(50, End{ID: 1, Sends: true}, End{ID: 3})
	f.htx, f.hrx = f.request.Channels[0], f.request.Channels[1]
	p.effects()
	return f
}

// everywhere runs a test over each kind of connection.
func everywhere(t *testing.T, test func(*fixture)) {
	t.Helper()
	t.Run("stream", func(t *testing.T) { test(openChannels(streams(t, handshake.Acceptor))) })
	t.Run("table", func(t *testing.T) { test(openChannels(shared(t, handshake.Acceptor, 8))) })
	t.Run("foreign", func(t *testing.T) { test(openChannels(foreign(t, handshake.Acceptor, 8))) })
}

func (f *fixture) ended(ch *Channel, want error) {
	f.t.Helper()
	assert.ErrorIs(f.t, f.peer.ended(ch), want)
}

func (f *fixture) cannotSend(ch *Channel, want error) {
	f.t.Helper()
	_, err := f.core.CommitData(ch, 0)
	assert.ErrorIs(f.t, err, want)
}

// freed says whether the entry of a channel is Free; over other transports that
// there is no entry.
func (f *fixture) freed(ch *Channel) bool { return f.table == nil || !f.table.entry[ch.ID].active }

func TestItemsAndTheCloseComeInOrder(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.send(data(4, []byte("a")), data(4, []byte("bc")), units(4), closeOf(4))
		assert.Equal(t, []byte("a"), f.take(f.rx))
		assert.Equal(t, []byte("bc"), f.take(f.rx))
		assert.Empty(t, f.take(f.rx))
		f.ended(f.rx, io.EOF)
	})
}

func TestTakeGivesNothingWhileNothingCame(t *testing.T) {
	everywhere(t, func(f *fixture) {
		_, ok, err := f.core.Take(f.rx, nil)
		assert.False(t, ok)
		assert.NoError(t, err)
		f.send(data(4, nil))
		assert.Equal(t, []Effect{{Kind: Wake, Channel: f.rx}}, f.effects())
	})
}

func TestTakeAppendsToItsBuffer(t *testing.T) {
	f := openChannels(streams(t, handshake.Acceptor))
	f.send(data(4, []byte("item")))
	item, ok, err := f.core.Take(f.rx, []byte("before "))
	require.True(t, ok && err == nil)
	assert.Equal(t, "before item", string(item))
	assert.Nil(t, f.core.NextOut().request)
	assert.Equal(t, []wire.Message{credit(4, 4)}, f.published(), "what stood in the buffer is not counted")
}

func TestDataAfterCloseIsGoodbye(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.send(closeOf(4))
		f.breaks(wire.RuleDataAfterClose, data(4, []byte("x")))
		f.send(closeOf(3))
		f.breaks(wire.RuleDataAfterClose, units(3))
	})
}

func TestDataAfterResetOfTheSenderIsGoodbye(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.send(resetOf(3))
		f.breaks(wire.RuleDataAfterClose, data(3, []byte("x")))
	})
}

func TestDataAfterTheResponseIsGoodbye(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.send(response(f.call.ID))
		f.breaks(wire.RuleDataAfterClose, data(4, []byte("x")))
	})
}

func TestMessageForAnUnknownChannelIsGoodbye(t *testing.T) {
	everywhere(t, func(f *fixture) {
		for _, id := range []uint64{unopened, theirUnopened} {
			f.breaks(wire.RuleChannelUnknown, data(id, []byte("x")))
			f.breaks(wire.RuleChannelUnknown, closeOf(id))
			f.breaks(wire.RuleChannelUnknown, resetOf(id))
		}
	})
}

func TestHowFarOneSidesIDsGotSaysNothingAboutTheOthers(t *testing.T) {
	p := streams(t, handshake.Acceptor)
	p.call(true, true, true) // 2, 4, 6
	p.breaks(wire.RuleChannelUnknown, data(5, []byte("x")))
	q := streams(t, handshake.Acceptor)
	q.serve(1, End{ID: 7})
	q.breaks(wire.RuleChannelUnknown, data(6, []byte("x")))
}

func TestMessageForChannelZeroIsGoodbye(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.breaks(wire.RuleChannelZero, data(0, nil))
		f.breaks(wire.RuleChannelZero, closeOf(0))
		f.breaks(wire.RuleChannelZero, resetOf(0))
	})
}

func TestMessageForAnIDOverMaxChannelsIsGoodbyeFromATablePeer(t *testing.T) {
	p := shared(t, handshake.Acceptor, 8)
	for _, id := range []uint64{8, 9, 1 << 31} {
		p.breaks(wire.RuleShmChannelTable, data(id, nil))
		p.breaks(wire.RuleShmChannelTable, closeOf(id))
		p.breaks(wire.RuleShmChannelTable, resetOf(id))
	}
}

func TestIDsOfAForeignPeersConnectionRunOnBeyondMaxChannels(t *testing.T) {
	p := foreign(t, handshake.Acceptor, 8)
	for range 20 {
		k := p.call(true, false)
		p.core.Close(k.Channels[0])
		p.published()
		// Crossed with the Close, and after the end of the other one.
		p.send(resetOf(k.Channels[0].ID), response(k.ID), closeOf(k.Channels[1].ID))
	}
	p.breaks(wire.RuleChannelUnknown, data(100, nil))
	p.breaks(wire.RuleChannelUnknown, data(101, nil))
	r := p.serve(1, End{ID: 1<<32 - 1})
	p.send(data(1<<32-1, []byte("x")), closeOf(1<<32-1))
	p.take(r.Channels[0])
}

func TestDataOverPayloadLimitIsGoodbye(t *testing.T) {
	f := openChannels(foreign(t, handshake.Acceptor, 8))
	f.send(data(4, make([]byte, testMaxPayload)))
	f.breaks(wire.RuleDataSizeLimit, data(3, make([]byte, testMaxPayload+1)))
}

func TestMessageOfTheWrongDirectionIsGoodbye(t *testing.T) {
	everywhere(t, func(f *fixture) {
		for _, id := range []uint64{1, 2} { // on which the core sends
			f.breaks(wire.RuleChannelUnknown, data(id, []byte("x")))
			f.breaks(wire.RuleChannelUnknown, closeOf(id))
		}
	})
	f := openChannels(streams(t, handshake.Acceptor))
	f.breaks(wire.RuleChannelUnknown, credit(3, 1))
	f.breaks(wire.RuleChannelUnknown, credit(4, 1))
}

func TestCloseOfATx(t *testing.T) {
	everywhere(t, func(f *fixture) {
		for _, ch := range []*Channel{f.tx, f.htx} {
			f.core.Close(ch)
			f.core.Close(ch)
			assert.Equal(t, []Effect{{Kind: Wake, Channel: ch}}, f.effects())
			assert.False(t, ch.Open())
			f.cannotSend(ch, roam.ErrChannelClosed)
			assert.Equal(t, []sent{{wire.KindClose, ch.ID}}, kinds(f.published()))
		}
		f.send(resetOf(1), resetOf(2)) // crossed with the Close
		assert.Empty(t, f.published())
	})
}

func TestResetDropsWhatIsPending(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.send(data(3, []byte("x")), data(4, []byte("y")), resetOf(3), resetOf(4))
		f.ended(f.hrx, roam.ErrReset)
		f.ended(f.rx, roam.ErrReset)
		assert.Empty(t, f.published())
		assert.True(t, f.freed(f.hrx))
	})
}

func TestLateMessagesAfterResetAreIgnored(t *testing.T) {
	everywhere(t, func(f *fixture) {
		for _, ch := range []*Channel{f.rx, f.hrx} {
			f.send(data(ch.ID, []byte("pending")))
			f.core.Reset(ch)
			f.core.Reset(ch)
			f.effects()
			f.send(data(ch.ID, []byte("late")))
			assert.Equal(t, []sent{{wire.KindReset, ch.ID}}, kinds(f.published()))
			// More than the credit: what is ignored is not counted either.
			for range 2 * testBuffered / testWindow {
				f.send(data(ch.ID, make([]byte, testWindow)))
			}
			assert.Empty(t, f.effects())
			f.ended(ch, roam.ErrChannelClosed)
			f.send(closeOf(ch.ID))
			assert.Empty(t, f.effects())
			assert.Empty(t, f.published())
			f.breaks(wire.RuleDataAfterClose, data(ch.ID, []byte("x")))
		}
	})
}

func TestResetThatCrossesTheCloseIsNotSent(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.core.Reset(f.rx)
		f.core.Reset(f.hrx)
		f.send(closeOf(3), closeOf(4))
		assert.Empty(t, f.published(), "nobody sends after it has received Close")
		assert.True(t, f.freed(f.hrx))
	})
}

func TestCallerAnswersResetWithClose(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.send(resetOf(2), resetOf(2))
		assert.Equal(t, []Effect{{Kind: Wake, Channel: f.tx}}, f.effects())
		f.cannotSend(f.tx, roam.ErrReset)
		assert.Equal(t, []sent{{wire.KindClose, 2}}, kinds(f.published()))
		assert.False(t, f.freed(f.tx) && f.table != nil, "the callee frees")
	})
}

func TestCallerThatHadDecidedOnResetAnswersWithClose(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.core.Cancel(f.call)
		f.send(resetOf(2))
		assert.Equal(t, []sent{{wire.KindCancel, 1}, {wire.KindReset, 4}, {wire.KindClose, 2}}, kinds(f.published()))
		f.cannotSend(f.tx, ErrCallCancelled)
	})
}

func TestHandlersTxThatWasResetSendsNoMore(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.core.Close(f.htx) // waits for room
		f.send(resetOf(1))
		assert.Empty(t, f.published())
		assert.True(t, f.freed(f.htx))
		f.cannotSend(f.htx, roam.ErrChannelClosed)
	})
	everywhere(t, func(f *fixture) {
		f.send(resetOf(1))
		f.cannotSend(f.htx, roam.ErrReset)
		f.core.Returned(f.request)
		assert.Equal(t, []sent{{wire.KindReset, 3}}, kinds(f.published()))
	})
}

func TestResponseEndsTheCallersRxWithoutAClose(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.send(data(4, []byte("last")), response(f.call.ID))
		fx := f.effects()
		assert.Equal(t, Effect{Kind: Wake, Channel: f.rx}, fx[1])
		assert.Equal(t, []byte("last"), f.take(f.rx))
		f.ended(f.rx, io.EOF)
		f.send(closeOf(4)) // comes too late to matter
		assert.Equal(t, testWindow, int(f.room(f.tx)), "the caller's Tx goes on")
		assert.Empty(t, f.published(), "no Credit and no Reset for what has ended")
		assert.Equal(t, 3, f.core.Counts().Channels)
	})
}

func TestReturnedClosesTxAndResetsRx(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.send(data(3, []byte("unread")))
		f.core.Returned(f.request)
		f.core.Returned(f.request)
		assert.Equal(t, []sent{{wire.KindClose, 1}, {wire.KindReset, 3}}, kinds(f.published()))
		f.answer(f.request)
		f.cannotSend(f.htx, roam.ErrChannelClosed)
		f.ended(f.hrx, roam.ErrChannelClosed)
		f.send(closeOf(3))
		assert.True(t, f.freed(f.htx) && f.freed(f.hrx))
	})
}

func TestReturnedDropsWhatWasNotReadWithoutAMessage(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.core.Close(f.htx)
		f.published()
		f.send(data(3, []byte("unread")), closeOf(3))
		f.core.Returned(f.request)
		assert.Empty(t, f.published())
		f.ended(f.hrx, roam.ErrChannelClosed)
	})
}

func TestDetachedRxGoesOnAfterTheResponse(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.core.Detach(f.hrx)
		f.core.Returned(f.request)
		assert.Equal(t, []sent{{wire.KindClose, 1}}, kinds(f.published()))
		f.answer(f.request)
		f.send(data(3, []byte("after")), closeOf(3))
		assert.Equal(t, []byte("after"), f.take(f.hrx))
		f.ended(f.hrx, io.EOF)
		assert.True(t, f.freed(f.hrx))
	})
}

func TestCallersTxGoesOnAfterTheResponse(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.send(response(f.call.ID))
		ok, err := f.core.CommitData(f.tx, 10)
		require.True(t, ok && err == nil)
		f.core.Close(f.tx)
		assert.Equal(t, []sent{{wire.KindClose, 2}}, kinds(f.published()))
	})
}
