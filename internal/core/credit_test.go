package core

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/wire"
)

func (f *fixture) sends(ch *Channel, n uint32) bool {
	f.t.Helper()
	ok, err := f.core.CommitData(ch, n)
	require.NoError(f.t, err)
	return ok
}

func TestDataNeedsCreditForAllOfIt(t *testing.T) {
	everywhere(t, func(f *fixture) {
		for _, ch := range []*Channel{f.tx, f.htx} {
			assert.False(t, f.sends(ch, testWindow+1))
			assert.True(t, f.sends(ch, testWindow-10))
			assert.Equal(t, uint32(10), f.room(ch))
			assert.False(t, f.sends(ch, 11))
			assert.True(t, f.sends(ch, 10))
			assert.True(t, f.sends(ch, 0), "items of no bytes cost no credit")
			assert.False(t, f.sends(ch, 1))
			f.core.Close(ch) // needs none
		}
		assert.Len(t, f.published(), 2)
	})
}

func TestCreditOverrunIsGoodbye(t *testing.T) {
	everywhere(t, func(f *fixture) {
		window := testWindow
		if f.core.cfg.AnyPeerID {
			window = testBuffered
		}
		f.send(data(3, make([]byte, window-1)), data(3, []byte("x")), units(3))
		f.breaks(wire.RuleCreditOverrun, data(3, []byte("x")))
	})
}

func TestCreditMessageAddsAndWakes(t *testing.T) {
	f := openChannels(streams(t, handshake.Acceptor))
	require.True(t, f.sends(f.tx, testWindow))
	f.send(credit(2, 30), credit(2, 20))
	assert.Equal(t, []Effect{{Kind: Wake, Channel: f.tx}, {Kind: Wake, Channel: f.tx}}, f.effects())
	assert.Equal(t, uint32(50), f.room(f.tx))
}

func TestCreditForAnEndedChannelIsIgnored(t *testing.T) {
	f := openChannels(streams(t, handshake.Acceptor))
	f.core.Close(f.tx)
	f.published()
	f.send(credit(2, 10))
	f.breaks(wire.RuleChannelUnknown, credit(unopened, 10))
	f.breaks(wire.RuleChannelZero, credit(0, 10))
}

func TestMoreCreditThanTheWrapRuleAllowsIsGoodbye(t *testing.T) {
	f := openChannels(streams(t, handshake.Acceptor))
	f.send(credit(2, math.MaxInt32-testWindow))
	f.breaks(wire.RuleCreditOverrun, credit(2, 1))
}

func TestCreditMessageIsNeverAcceptedOverSharedMemory(t *testing.T) {
	for _, p := range []*peer{shared(t, handshake.Acceptor, 8), foreign(t, handshake.Acceptor, 8)} {
		k := p.call(true)
		assert.Error(t, p.receive(credit(k.Channels[0].ID, 1)))
	}
}

func TestGrantedLessThanSentIsTheWrapRule(t *testing.T) {
	f := openChannels(shared(t, handshake.Acceptor, 8))
	require.True(t, f.sends(f.tx, 10))
	f.table.entry[2].granted = 9
	_, err := f.core.CommitData(f.tx, 0)
	requireViolation(t, wire.RuleShmCreditWrap, err)
	_, err = f.core.SendRoom(f.tx)
	requireViolation(t, wire.RuleShmCreditWrap, err)
	f.table.entry[2].granted = 10 + math.MaxInt32
	assert.Equal(t, uint32(math.MaxInt32), f.room(f.tx))
	f.table.entry[2].granted++
	_, err = f.core.SendRoom(f.tx)
	requireViolation(t, wire.RuleShmCreditWrap, err)
}

func TestCreditIsGrantedWhenItemsAreTaken(t *testing.T) {
	f := openChannels(streams(t, handshake.Acceptor))
	f.send(data(4, make([]byte, 40)), data(4, make([]byte, 40)))
	assert.Empty(t, f.published(), "not when they arrive")
	f.take(f.rx)
	assert.Empty(t, f.published(), "less than half the window, and more is queued")
	f.take(f.rx)
	assert.Equal(t, []wire.Message{credit(4, 80)}, f.published())
}

func TestCreditOfTheTableIsGrantedWithoutAMessage(t *testing.T) {
	f := openChannels(shared(t, handshake.Acceptor, 8))
	f.send(data(4, make([]byte, 10)), data(4, make([]byte, 10)))
	f.take(f.rx)
	assert.Equal(t, uint32(testWindow), f.table.entry[4].granted)
	f.take(f.rx)
	assert.Equal(t, uint32(testWindow+20), f.table.entry[4].granted, "at once when all is consumed")
	assert.Empty(t, f.published())
	f.send(data(4, make([]byte, testWindow)))
}

func TestForeignPeersAreGrantedByTheBufferLimitAlone(t *testing.T) {
	f := openChannels(foreign(t, handshake.Acceptor, 8))
	for range 100 {
		f.send(data(4, make([]byte, testBuffered)))
		f.breaks(wire.RuleCreditOverrun, data(4, []byte("x")))
		f.take(f.rx)
	}
	assert.Empty(t, f.published(), "no Credit over shared memory")
}

func TestQueuedCreditIsOneMessage(t *testing.T) {
	f := openChannels(streams(t, handshake.Acceptor))
	for range 10 {
		f.send(data(4, make([]byte, testWindow/2)))
		f.take(f.rx)
		require.Equal(t, 1, f.core.Counts().Outbox)
		f.send(data(4, make([]byte, testWindow/2)))
		f.take(f.rx)
	}
	assert.Equal(t, []wire.Message{credit(4, 10*testWindow)}, f.published())
}

func TestCreditThatGrewWhileItWasStagedIsStagedAnew(t *testing.T) {
	f := openChannels(streams(t, handshake.Acceptor))
	f.send(data(4, make([]byte, 60)), data(4, make([]byte, 40)))
	f.take(f.rx)
	staged := f.core.NextOut()
	require.Equal(t, credit(4, 60), staged.Message)
	f.take(f.rx)
	assert.False(t, f.core.CommitOut(staged))
	assert.Equal(t, []wire.Message{credit(4, 100)}, f.published())
}

func TestNobodyGrantsAfterCloseOrReset(t *testing.T) {
	everywhere(t, func(f *fixture) {
		f.send(data(4, []byte("x")), data(3, []byte("x")), data(3, []byte("y")), closeOf(3))
		f.take(f.rx)
		f.core.Reset(f.rx) // takes the queued Credit with it
		f.take(f.hrx)
		f.take(f.hrx)
		assert.Equal(t, []sent{{wire.KindReset, 4}}, kinds(f.published()))
		if f.table != nil {
			assert.Equal(t, uint32(testWindow), f.table.entry[3].granted)
		}
	})
	f := openChannels(streams(t, handshake.Acceptor))
	f.send(data(4, []byte("x")))
	f.take(f.rx)
	f.send(closeOf(4))
	assert.Empty(t, f.published(), "a Credit that waits is taken back")
}

func TestItemsOfNoBytesAreCountedNotStored(t *testing.T) {
	everywhere(t, func(f *fixture) {
		const many = 200_000
		m := units(4)
		for range many {
			if err := f.core.Receive(&m, 0); err != nil {
				t.Fatal(err)
			}
			f.core.TakeEffects(nil)
		}
		assert.Less(t, cap(f.rx.queue.buf), 64)
		f.send(closeOf(4))
		for range many {
			if _, ok, err := f.core.Take(f.rx, nil); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		assert.Error(t, f.peer.ended(f.rx))
		assert.Empty(t, f.published())
	})
}

func TestItemsOfNoBytesGrantNothing(t *testing.T) {
	f := openChannels(streams(t, handshake.Acceptor))
	f.send(units(4), data(4, make([]byte, 10)), units(4))
	f.take(f.rx)
	f.take(f.rx)
	assert.Empty(t, f.published())
	f.take(f.rx)
	assert.Equal(t, []wire.Message{credit(4, 10)}, f.published(), "all is consumed")
}
