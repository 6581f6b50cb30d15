package stream

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// payloadOf is a payload that its message's number fixes, of any size up to a few
// times the outgoing bound, with many zeros.
func payloadOf(i uint64) []byte {
	r := rand.New(rand.NewPCG(i, 1))
	size := r.IntN(200)
	if i%50 == 49 {
		size = r.IntN(3 * outBound)
	}
	p := make([]byte, size)
	for j := 0; j < size; j += 1 + r.IntN(600) {
		p[j] = byte(1 + r.IntN(255))
	}
	return p
}

func TestMessagesPassInOrderBothWays(t *testing.T) {
	const count = 300
	overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
		ca, cb := newConn(t, a), newConn(t, b)
		var work sync.WaitGroup
		for _, way := range []struct{ from, to *Conn }{{ca, cb}, {cb, ca}} {
			s := newSender(way.from)
			work.Go(func() {
				for i := range uint64(count) {
					if !assert.NoError(t, s.send(data(i, payloadOf(i)))) {
						return
					}
				}
			})
			work.Go(func() {
				batch := make([]transport.Arrival, 32)
				for next := uint64(0); next < count; {
					n, err := receive(way.to, batch)
					if !assert.NoError(t, err) {
						return
					}
					for _, m := range batch[:n] {
						assert.Equal(t, next, m.ID)
						assert.True(t, bytes.Equal(payloadOf(next), m.Payload))
						assert.Equal(t, len(m.Payload), m.Size)
						next++
						assert.Equal(t, uint32(next), m.Seq)
					}
				}
			})
		}
		work.Wait()
	})
}

func TestEveryKindPasses(t *testing.T) {
	metadata := wire.AppendMetadata(nil, wire.Metadata{{Key: "k", Value: wire.StringValue("v")}})
	messages := []wire.Message{
		{Kind: wire.KindHello, Hello: wire.Hello{MaxPayload: 1, InitialCredit: 2}},
		{Kind: wire.KindRequest, ID: 1, Method: 2, Metadata: metadata, Payload: []byte{0, 1, 0}},
		{Kind: wire.KindResponse, ID: 1, Metadata: metadata, Payload: []byte{0}},
		{Kind: wire.KindCancel, ID: 1 << 60},
		{Kind: wire.KindData, ID: 3, Payload: []byte("data")},
		{Kind: wire.KindClose, ID: 3},
		{Kind: wire.KindReset, ID: 3},
		{Kind: wire.KindCredit, ID: 3, Credit: 1 << 31},
		{Kind: wire.KindGoodbye, Payload: []byte("rule: why")},
	}
	overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
		ca, cb := newConn(t, a), newConn(t, b)
		for i := range messages {
			put(t, ca, &messages[i])
		}
		for i := range messages {
			got, err := receiveOne(cb)
			require.NoError(t, err)
			assert.Equal(t, wire.AppendMessage(nil, &messages[i]), wire.AppendMessage(nil, &got))
		}
	})
}

func TestAbortedMessageIsNotSent(t *testing.T) {
	overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
		ca, cb := newConn(t, a), newConn(t, b)
		for i := range uint64(20) {
			require.NoError(t, ca.Stage(data(i, bytes.Repeat([]byte{7}, 3000))))
			if i%2 == 0 {
				ca.Abort()
				continue
			}
			ca.Commit()
			ca.Notify()
		}
		for i := uint64(1); i < 20; i += 2 {
			m, err := receiveOne(cb)
			require.NoError(t, err)
			assert.Equal(t, i, m.ID)
		}
	})
}

// Committed but not notified: the next one who notifies sends it, or Close does.
func TestCloseHandsOverWhatWasCommitted(t *testing.T) {
	overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
		ca, cb := newConn(t, a), newConn(t, b)
		var got []uint64
		var end error
		done := make(chan struct{})
		go func() {
			defer close(done)
			for end == nil {
				var m wire.Message
				if m, end = receiveOne(cb); end == nil {
					got = append(got, m.ID)
				}
			}
			closeNow(cb) // as every peer does at the end of the stream
		}()
		for i := range uint64(3) {
			require.NoError(t, ca.Stage(data(i, make([]byte, 50_000))))
			ca.Commit()
		}
		require.NoError(t, ca.Stage(data(9, nil)), "staged only")
		require.NoError(t, ca.Close(context.Background()))
		ca.Commit()
		ca.Notify()
		<-done
		assert.Equal(t, []uint64{0, 1, 2}, got)
		assert.ErrorIs(t, end, ErrPeerClosed)
		assert.ErrorContains(t, end, "connection closed by the other side")
	})
}

// Senders, a goroutine in Wait, and pollers that take the right to receive from each
// other, as the driver has them.
func TestSendersPumpAndPollersAtOnce(t *testing.T) {
	const (
		senders = 4
		count   = 2000
	)
	overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
		ca, cb := newConn(t, a), newConn(t, b)
		var turn sync.Mutex
		s := newSender(ca)
		var work sync.WaitGroup
		for i := range uint64(senders) {
			work.Go(func() {
				for j := range uint64(count) {
					turn.Lock()
					err := s.send(data(i, wire.AppendU64(nil, j)))
					turn.Unlock()
					if !assert.NoError(t, err) {
						return
					}
				}
			})
		}
		r := &role{c: cb, left: senders * count}
		work.Go(func() { r.pump(t) })
		for range 2 {
			work.Go(func() { r.poll(t) })
		}
		work.Wait()
		for i := range uint64(senders) {
			assert.Equal(t, uint64(count), r.next[i])
		}
	})
}

// role receives on behalf of all, one goroutine at a time.
type role struct {
	c     *Conn
	held  atomic.Bool
	next  [8]uint64
	left  int
	ended atomic.Bool
}

func (r *role) receive(t *testing.T) {
	var batch [8]transport.Arrival
	n, err := r.c.Receive(batch[:])
	for _, m := range batch[:n] {
		d := wire.NewDecoder(m.Payload)
		assert.Equal(t, r.next[m.ID], d.U64())
		r.next[m.ID]++
	}
	if r.left -= n; r.left == 0 || err != nil {
		assert.NoError(t, err)
		r.ended.Store(true)
		r.c.Interrupt()
	}
}

// pump receives when nobody else does. Messages is armed while nobody holds the role.
func (r *role) pump(t *testing.T) {
	r.c.Arm(transport.Messages, 0)
	for !r.ended.Load() {
		if r.take() {
			r.receive(t)
			r.leave(t)
		}
		if !assert.NoError(t, r.c.Wait(true)) {
			return
		}
	}
}

func (r *role) take() bool {
	if !r.held.CompareAndSwap(false, true) {
		return false
	}
	r.c.Disarm(transport.Messages, 0)
	return true
}

func (r *role) leave(t *testing.T) {
	for {
		r.c.Arm(transport.Messages, 0)
		r.held.Store(false)
		if !r.c.Pending() || r.ended.Load() || !r.take() {
			return
		}
		r.receive(t)
	}
}

func (r *role) poll(t *testing.T) {
	for !r.ended.Load() {
		if r.take() {
			for range 20 {
				if r.ended.Load() {
					break
				}
				r.receive(t)
				r.c.spin(8)
			}
			r.leave(t)
		}
		runtime.Gosched()
	}
}

func TestSmallMessagesCostNoAllocation(t *testing.T) {
	a, b := unixPair(t)
	ca, cb := newConn(t, a), newConn(t, b)
	m := data(1, bytes.Repeat([]byte{5}, 32))
	batch := make([]transport.Arrival, 8)
	round := func() {
		if ca.Stage(m) != nil {
			panic("no room")
		}
		ca.Commit()
		ca.Notify()
		for {
			if n, err := cb.Receive(batch); n > 0 || err != nil {
				return
			}
			cb.spin(16)
		}
	}
	for range 5000 { // buffers have their size, pools are filled
		round()
	}
	assert.Less(t, testing.AllocsPerRun(2000, round), 0.5)
}
