package stream

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// fillUp sends until there is no room, and says how many messages that were.
func fillUp(t *testing.T, c *Conn, payload []byte) (sent int) {
	for {
		err := c.Stage(data(uint64(sent), payload))
		if err == transport.ErrNoSpace {
			return sent
		}
		require.NoError(t, err)
		c.Commit()
		c.Notify()
		sent++
	}
}

func TestPeerThatDoesNotReadLeavesNoSpace(t *testing.T) {
	for _, size := range []int{1000, 70_000, 2 * outBound} {
		overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
			ca := newConn(t, a)
			woken := make(chan struct{}, 1)
			ca.OnWake(func() {
				select {
				case woken <- struct{}{}:
				default:
				}
			})
			payload := make([]byte, size)
			sent := fillUp(t, ca, payload)
			assert.LessOrEqual(t, ca.out.left(), max(outBound, wire.MaxFrameLen(size+headBound)))

			ca.Arm(transport.Space, 0)
			cb := newConn(t, b)
			go func() {
				for {
					if _, err := receiveOne(cb); err != nil {
						return
					}
				}
			}()
			for range 6 {
				for ca.Stage(data(uint64(sent), payload)) == transport.ErrNoSpace {
					<-woken
				}
				ca.Commit()
				ca.Notify()
			}
			ca.Disarm(transport.Space, 0)
			closeNow(ca) // ends the reader
			closeNow(cb)
		})
	}
}

func TestFrameOverTheBoundGoesAlone(t *testing.T) {
	a, b := netPipe(t) // nothing is written until somebody reads
	defer b.Close()
	c := newConn(t, a)
	large := data(1, make([]byte, 4*outBound))
	require.NoError(t, c.Stage(large), "an empty outbox takes it")
	c.Commit()
	assert.Equal(t, transport.ErrNoSpace, c.Stage(data(2, nil)))
	assert.Equal(t, transport.ErrNoSpace, c.Stage(large))
}

// Refusing is enough to get things going: nobody else may come to notify.
func TestNoSpaceStartsWriting(t *testing.T) {
	a, b := netPipe(t)
	ca, cb := newConn(t, a), newConn(t, b)
	woken := make(chan struct{}, 1)
	ca.OnWake(func() { woken <- struct{}{} })
	large := data(1, make([]byte, 2*outBound))
	require.NoError(t, ca.Stage(large))
	ca.Commit()
	ca.Arm(transport.Space, 0)
	require.Equal(t, transport.ErrNoSpace, ca.Stage(large))
	_, err := receiveOne(cb)
	require.NoError(t, err)
	<-woken
	assert.NoError(t, ca.Stage(large))
	ca.Abort()
}

// The function of OnWake may send, and so come to be called from within itself.
func TestOnWakeMaySend(t *testing.T) {
	const count = 2000
	a, b := unixPair(t)
	ca, cb := newConn(t, a), newConn(t, b)
	ca.Arm(transport.Space, 0)
	done := make(chan struct{})
	sent, depth := 0, 0
	more := func() {
		depth++
		assert.Equal(t, 1, depth)
		for sent < count && ca.Stage(data(uint64(sent), make([]byte, 1000))) == nil {
			ca.Commit()
			if sent++; sent == count {
				close(done)
			}
			ca.Notify()
		}
		depth--
	}
	ca.OnWake(more)
	ca.callWake()
	for i := range uint64(count) {
		m, err := receiveOne(cb)
		require.NoError(t, err)
		require.Equal(t, i, m.ID)
	}
	<-done
}

func TestIdleConnectionHoldsNoOutgoingBuffer(t *testing.T) {
	a, b := unixPair(t)
	ca, cb := newConn(t, a), newConn(t, b)
	for range 10 {
		put(t, ca, data(1, make([]byte, 5000)))
		_, err := receiveOne(cb)
		require.NoError(t, err)
	}
	require.NoError(t, ca.out.wait(t.Context()))
	assert.Empty(t, ca.out.chunks)
}

func TestLargeInputBufferIsLetGo(t *testing.T) {
	a, b := unixPair(t)
	ca, cb := newConn(t, a), newConn(t, b)
	s := newSender(ca)
	sent := make(chan error)
	go func() { sent <- s.send(data(1, make([]byte, testPayload))) }()
	_, err := receiveOne(cb)
	require.NoError(t, err)
	require.NoError(t, <-sent)
	assert.Greater(t, len(cb.in.buf), testPayload)
	for range 2 * inSmall {
		// What was sent may be here before its room there is free again.
		require.NoError(t, s.send(data(1, nil)))
		_, err := receiveOne(cb)
		require.NoError(t, err)
	}
	assert.LessOrEqual(t, len(cb.in.buf), inUsual)
}
