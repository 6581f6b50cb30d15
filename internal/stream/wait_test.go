package stream

import (
	"context"
	"io"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// waitFor runs Wait and gives its result.
func waitFor(c *Conn) chan error {
	done := make(chan error, 1)
	go func() { done <- c.Wait(false) }()
	return done
}

func TestInterruptEndsWait(t *testing.T) {
	overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
		sleeping, parked := newConn(t, a), newConn(t, b)
		sleeping.Arm(transport.Messages, 0)
		for range 300 {
			for _, c := range []*Conn{sleeping, parked} {
				done := waitFor(c)
				c.Interrupt()
				require.NoError(t, <-done)
			}
		}
	})
}

// An interrupt from before does not make a later wait miss its message, and one that
// meets a message loses neither.
func TestInterruptsAndMessagesLoseNothing(t *testing.T) {
	const count = 1000
	overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
		ca, cb := newConn(t, a), newConn(t, b)
		s := newSender(ca)
		for i := range uint64(count) {
			var work sync.WaitGroup
			work.Go(cb.Interrupt)
			work.Go(func() { assert.NoError(t, s.send(data(i, nil))) })
			m, err := receiveOne(cb)
			require.NoError(t, err)
			require.Equal(t, i, m.ID)
			work.Wait()
		}
	})
}

// While nobody armed Messages, messages are for those who poll; the arm is then
// enough to have Wait look.
func TestWaitReturnsForMessagesOnlyWhenArmed(t *testing.T) {
	overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
		ca, cb := newConn(t, a), newConn(t, b)
		for range 50 {
			done := waitFor(cb)
			put(t, ca, data(1, nil))
			for !cb.spin(1) {
				runtime.Gosched()
			}
			select {
			case err := <-done:
				require.NoError(t, err)
				require.Fail(t, "returned unarmed")
			default:
			}
			cb.Arm(transport.Messages, 0)
			require.NoError(t, <-done)
			cb.Disarm(transport.Messages, 0)
			var batch [2]transport.Arrival
			n, err := cb.Receive(batch[:])
			require.NoError(t, err)
			require.Equal(t, 1, n)
		}
	})
}

// A poller takes the bytes while another goroutine sleeps on the socket; the sleeper
// still wakes for the next.
func TestPollerTakesMessagesFromUnderTheSleeper(t *testing.T) {
	a, b := unixPair(t)
	ca, cb := newConn(t, a), newConn(t, b)
	var batch [4]transport.Arrival
	for i := range 2000 {
		cb.Arm(transport.Messages, 0)
		done := waitFor(cb)
		put(t, ca, data(1, nil))
		got := 0
		for polls := 0; polls < i%7 && got == 0; polls++ {
			n, err := cb.Receive(batch[:])
			require.NoError(t, err)
			got += n
		}
		if got > 0 {
			put(t, ca, data(2, nil))
			got = 0
		}
		require.NoError(t, <-done, "there is a message")
		cb.Disarm(transport.Messages, 0)
		for got == 0 {
			n, err := cb.Receive(batch[:])
			require.NoError(t, err)
			got += n
		}
	}
}

// TestPollThatDoesNotLookReadsAllTheSame: on a single processor nobody looks for long.
func TestPollThatDoesNotLookReadsAllTheSame(t *testing.T) {
	a, b := unixPair(t)
	ca, cb := newConn(t, a), newConn(t, b)
	put(t, ca, data(1, nil))
	got := 0
	for tries := 0; tries < 100000 && got == 0; tries++ {
		n, err := cb.Poll(make([]transport.Arrival, 1), 0)
		require.NoError(t, err)
		got += n
		runtime.Gosched()
	}
	require.Equal(t, 1, got)
}

func TestCloseEndsWaitAndEverythingElse(t *testing.T) {
	overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
		c := newConn(t, a)
		put(t, newConn(t, b), data(1, nil))
		c.Arm(transport.Messages, 0)
		done := make(chan error)
		go func() {
			var err error
			for err == nil {
				err = c.Wait(true)
			}
			done <- err
		}()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = c.Close(ctx)
		assert.ErrorIs(t, <-done, ErrClosed)
		_, err := c.Receive(make([]transport.Arrival, 1))
		assert.ErrorIs(t, err, ErrClosed)
		assert.ErrorIs(t, c.Stage(data(1, nil)), ErrClosed)
		assert.True(t, c.Pending())
		assert.True(t, c.spin(100))
		assert.False(t, c.Nap(nil, 0, false))
		c.Notify()
		c.Interrupt()
		_ = c.Close(context.Background())
	})
}

func TestCloseIsBoundedByItsContext(t *testing.T) {
	overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
		c := newConn(t, a)
		fillUp(t, c, make([]byte, 50_000)) // b never reads
		ctx, cancel := context.WithCancel(context.Background())
		first := make(chan error)
		go func() { first <- c.Close(ctx) }()
		ended, stop := context.WithCancel(context.Background())
		stop()
		assert.Error(t, c.Close(ended))
		cancel()
		err := <-first
		if err != nil { // the second may have been the first
			assert.ErrorIs(t, err, context.Canceled)
		}
		assert.ErrorIs(t, c.Stage(data(1, nil)), ErrClosed)
	})
}

// The peer closes as well, but not before it has read all.
func TestCloseWaitsForPeer(t *testing.T) {
	a, b := tcpPair(t)
	ca, cb := newConn(t, a), newConn(t, b)
	put(t, cb, data(1, make([]byte, 100_000))) // never received
	put(t, ca, &wire.Message{Kind: wire.KindGoodbye, Payload: []byte("why")})
	closed := make(chan error, 1)
	go func() { closed <- ca.Close(context.Background()) }()
	m, err := receiveOne(cb)
	require.NoError(t, err)
	assert.Equal(t, "why", string(m.Payload))
	_, err = receiveOne(cb)
	assert.ErrorIs(t, err, ErrPeerClosed)
	closeNow(cb)
	assert.NoError(t, <-closed)
}

// Messages for those who poll disturb the sleeper, which leaves the socket after some;
// however often, it is there for the first message after the next Arm.
func TestSleeperIsBackWhenArmedAgain(t *testing.T) {
	a, b := unixPair(t)
	ca, cb := newConn(t, a), newConn(t, b)
	cb.Arm(transport.Messages, 0)
	var batch [4]transport.Arrival
	for i := range 600 {
		done := waitFor(cb)
		cb.Disarm(transport.Messages, 0)
		for range i % (3 * vainWakes) {
			put(t, ca, data(1, nil))
			for n := 0; n == 0; {
				var err error
				n, err = cb.Receive(batch[:])
				require.NoError(t, err)
			}
		}
		cb.Arm(transport.Messages, 0)
		require.False(t, cb.Pending())
		put(t, ca, data(2, nil))
		require.NoError(t, <-done)
		n, err := cb.Receive(batch[:])
		require.NoError(t, err)
		require.Equal(t, 1, n)
	}
}
