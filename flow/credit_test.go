package flow_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/flow"
)

// link is one channel between a sender and a receiver, with the credit that is on its
// way between them.
type link struct {
	sender, receiver flow.Provider
	out, in          flow.Window
	credit           []uint32 // Credit messages under way
}

// newMessages is a channel over a byte stream.
func newMessages(window uint32) *link {
	return opened(flow.NewMessages(1, window), flow.NewMessages(0, window))
}

// newTable is a channel over shared memory that the sender allocated.
func newTable(window uint32) *link {
	e := newEntries()
	return opened(flow.NewTable(e, 1, window, 64), flow.NewTable(e, 0, window, 64))
}

func opened(sender, receiver flow.Provider) *link {
	l := &link{sender: sender, receiver: receiver, out: flow.Window{ID: 1}, in: flow.Window{ID: 1}}
	sender.Open(&l.out, true)
	receiver.Open(&l.in, false)
	return l
}

func (l *link) room(t *testing.T) uint32 {
	n, err := l.sender.Room(&l.out)
	require.NoError(t, err)
	return n
}

// consume lets the application take n bytes.
func (l *link) consume(n uint32, empty bool) {
	if credit := l.receiver.Consumed(&l.in, n, empty); credit > 0 {
		l.credit = append(l.credit, credit)
	}
}

// grant delivers the credit that is under way.
func (l *link) grant(t *testing.T) {
	for _, n := range l.credit {
		require.NoError(t, l.sender.Credit(&l.out, n))
	}
	l.credit = l.credit[:0]
}

var renewing = []struct {
	name string
	make func(window uint32) *link
}{{"messages", newMessages}, {"table", newTable}}

// overWindows runs test for both providers that renew credit, and for small, usual
// and the largest window, with which the counters wrap again and again.
func overWindows(t *testing.T, test func(t *testing.T, l *link, window uint32)) {
	for _, provider := range renewing {
		t.Run(provider.name, func(t *testing.T) {
			for _, window := range []uint32{1, 2, 3, 100, 64 << 10, math.MaxInt32} {
				test(t, provider.make(window), window)
			}
		})
	}
}

// A sender that keeps to its room never overruns, whatever it sends, whenever the
// application takes it and whenever credit arrives; never more than a window is under
// way; and all of the window is there again once everything was taken.
func TestSenderThatKeepsToItsRoomNeverOverruns(t *testing.T) {
	overWindows(t, func(t *testing.T, l *link, window uint32) {
		r := rand.New(rand.NewPCG(uint64(window), 2))
		var queue []uint32 // items received and not taken
		queued := uint64(0)
		for range 3000 {
			switch r.IntN(3) {
			case 0:
				room := l.room(t)
				n := uint32(r.Uint64N(uint64(room) + 1))
				if r.IntN(4) == 0 {
					n = room
				}
				l.sender.Sent(&l.out, n)
				require.NoError(t, l.receiver.Received(&l.in, n))
				queue = append(queue, n)
				queued += uint64(n)
				require.LessOrEqual(t, queued+uint64(l.room(t)), uint64(window))
			case 1:
				if len(queue) > 0 {
					n := queue[0]
					queue = queue[1:]
					queued -= uint64(n)
					l.consume(n, len(queue) == 0)
				}
			case 2:
				l.grant(t)
			}
			if len(queue) == 0 {
				l.grant(t)
				require.Equal(t, window, l.room(t), "nothing is withheld")
			}
		}
	})
}

// An item as large as the window can be sent again and again: a grant that is
// withheld would stop it for ever.
func TestGrantAtOnceWhenEmpty(t *testing.T) {
	overWindows(t, func(t *testing.T, l *link, window uint32) {
		for range 10 { // wraps the counters of the largest window
			for _, n := range []uint32{1, window - 1, window} {
				l.sender.Sent(&l.out, n)
				require.NoError(t, l.receiver.Received(&l.in, n))
				l.consume(n, true)
				l.grant(t)
				require.Equal(t, window, l.room(t))
			}
		}
	})
}

func TestGrantsInStepsOfHalfAWindow(t *testing.T) {
	for _, provider := range renewing {
		for taken, want := range map[uint32]uint32{49: 0, 50: 50, 99: 50, 100: 100} {
			l := provider.make(100)
			l.sender.Sent(&l.out, 100)
			require.NoError(t, l.receiver.Received(&l.in, 100))
			for range taken {
				l.consume(1, false)
			}
			l.grant(t)
			assert.Equal(t, want, l.room(t), "%d bytes taken", taken)
		}
	}
}

func TestItemsWithoutBytesCostNoCredit(t *testing.T) {
	overWindows(t, func(t *testing.T, l *link, window uint32) {
		l.sender.Sent(&l.out, window)
		require.NoError(t, l.receiver.Received(&l.in, window))
		for range 100 {
			l.sender.Sent(&l.out, 0)
			require.NoError(t, l.receiver.Received(&l.in, 0))
			l.consume(0, true)
		}
		assert.Empty(t, l.credit)
		assert.Zero(t, l.room(t))
	})
}

func TestOverrunIsAnErrorThatNamesBothNumbers(t *testing.T) {
	overWindows(t, func(t *testing.T, l *link, window uint32) {
		require.NoError(t, l.receiver.Received(&l.in, window-1))
		var over *flow.OverrunError
		require.ErrorAs(t, l.receiver.Received(&l.in, 2), &over)
		assert.Equal(t, flow.OverrunError{Channel: 1, Size: 2, Granted: 1}, *over)
		assert.Equal(t, "channel 1: data of 2 bytes with 1 bytes of credit", over.Error())
		assert.NoError(t, l.receiver.Received(&l.in, 1), "what was refused is not counted")
	})
}

// More credit than 2^31-1 bytes in all would wrap the difference of the counters.
func TestCreditOverTheWrapBoundIsRefused(t *testing.T) {
	l := newMessages(1000)
	require.NoError(t, l.sender.Credit(&l.out, math.MaxInt32-1000))
	assert.EqualValues(t, math.MaxInt32, l.room(t))
	for _, n := range []uint32{1, math.MaxUint32} {
		assert.ErrorContains(t, l.sender.Credit(&l.out, n), "on top of 2147483647 is over 2147483647")
	}
	l.sender.Sent(&l.out, 10)
	assert.NoError(t, l.sender.Credit(&l.out, 10))
}

func TestGrantedTotalBehindSentTotalIsCorruption(t *testing.T) {
	e := newEntries()
	table := flow.NewTable(e, 1, 1000, 64)
	w := flow.Window{ID: 1}
	table.Open(&w, true)
	table.Sent(&w, 1000)
	e.granted[1] -= 7
	_, err := table.Room(&w)
	assert.ErrorContains(t, err, "channel 1: granted total less than sent total by 7 bytes")
	e.granted[1] += 7
	room, err := table.Room(&w)
	assert.NoError(t, err)
	assert.Zero(t, room)
}

// Hello or Credit never crosses shared memory (shm.handshake).
func TestCreditMessageIsRefusedOverSharedMemory(t *testing.T) {
	for _, p := range []flow.Provider{flow.NewTable(newEntries(), 1, 10, 64), flow.NewForeign(1, 10, 10)} {
		w := flow.Window{ID: 5}
		p.Open(&w, true)
		assert.ErrorContains(t, p.Credit(&w, 1), "channel 5: credit message over shared memory")
	}
}

// A peer that keeps no table renews nothing, and is bounded by what may lie unread.
func TestForeignPeerHasABudget(t *testing.T) {
	p := flow.NewForeign(1, 1000, 50)
	w := flow.Window{ID: 1}
	p.Open(&w, true)
	p.Sent(&w, 990)
	room, err := p.Room(&w)
	require.NoError(t, err)
	assert.EqualValues(t, 10, room)
	assert.Zero(t, p.Consumed(&w, 1000, true))
	room, _ = p.Room(&w)
	assert.EqualValues(t, 10, room, "nothing renews it")

	w = flow.Window{ID: 2}
	p.Open(&w, false)
	for range 100 {
		require.NoError(t, p.Received(&w, 50))
		require.ErrorAs(t, p.Received(&w, 1), new(*flow.OverrunError))
		assert.Zero(t, p.Consumed(&w, 50, true), "no message is sent for it")
	}
	require.NoError(t, p.Received(&w, 30))
	p.Consumed(&w, 10, false)
	assert.NoError(t, p.Received(&w, 30), "every byte taken makes room at once")
}
