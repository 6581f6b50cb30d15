// Package transporttest has a message transport in memory, for tests of what runs
// over transports: two ends joined by bounded queues, with nothing but Wait to sleep
// on.
package transporttest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// ErrClosed ends both ends after a Close.
var ErrClosed = errors.New("pipe closed")

// End is one end of a pipe; it is a transport.Transport.
type End struct {
	pipe  *pipe
	in    *queue // what the peer sent
	out   *queue
	stage *wire.Message
	seq   uint32
	wake  chan struct{}
	looks atomic.Int64
	// Staging, if not nil, is called with each message before it is staged. It is set
	// before use.
	Staging func(m *wire.Message)
}

// Looks counts calls of Poll and Pending: what an idle connection does not do.
func (e *End) Looks() int64 { return e.looks.Load() }

type pipe struct {
	mu     sync.Mutex
	closed bool
}

type queue struct {
	messages []wire.Message
	size     int
	to, from *End
}

// New joins two ends by queues of size messages each way.
func New(size int) (a, b *End) {
	p := &pipe{}
	ab, ba := &queue{size: size}, &queue{size: size}
	a = &End{pipe: p, in: ba, out: ab, wake: make(chan struct{}, 1)}
	b = &End{pipe: p, in: ab, out: ba, wake: make(chan struct{}, 1)}
	ab.from, ab.to, ba.from, ba.to = a, b, b, a
	return a, b
}

// SendUnder does nothing: no message is sent but by who holds the lock.
func (e *End) SendUnder(transport.SendLock) {}

// Stage takes a place in the queue.
func (e *End) Stage(m *wire.Message) error {
	if e.Staging != nil {
		e.Staging(m)
	}
	e.pipe.mu.Lock()
	defer e.pipe.mu.Unlock()
	if e.pipe.closed {
		return ErrClosed
	}
	if len(e.out.messages) >= e.out.size {
		return transport.ErrNoSpace
	}
	copied := *m
	copied.Payload = append(append([]byte(nil), m.Payload...), m.Tail...)
	copied.Tail = nil
	copied.Metadata = append([]byte(nil), m.Metadata...)
	e.stage = &copied
	return nil
}

// Commit puts the staged message into the queue.
func (e *End) Commit() {
	e.pipe.mu.Lock()
	e.out.messages = append(e.out.messages, *e.stage)
	e.pipe.mu.Unlock()
	e.stage = nil
	e.out.to.Interrupt()
}

// Abort drops the staged message.
func (e *End) Abort() { e.stage = nil }

// Notify does nothing: Commit woke the peer.
func (e *End) Notify() {}

// Poll takes messages from the queue; it looks once.
func (e *End) Poll(batch []transport.Arrival, _ int) (int, error) {
	e.looks.Add(1)
	e.pipe.mu.Lock()
	n := min(len(batch), len(e.in.messages))
	for i := range n {
		e.seq++
		m := e.in.messages[i]
		batch[i] = transport.Arrival{Message: m, Size: len(m.Payload), Seq: e.seq}
	}
	e.in.messages = append(e.in.messages[:0:0], e.in.messages[n:]...)
	closed := e.pipe.closed
	e.pipe.mu.Unlock()
	if n > 0 {
		e.in.from.Interrupt()
	} else if closed {
		return 0, ErrClosed
	}
	return n, nil
}

// Rest does nothing: nothing is put off.
func (e *End) Rest() {}

// Pending says whether Poll would give something.
func (e *End) Pending() bool {
	e.looks.Add(1)
	e.pipe.mu.Lock()
	defer e.pipe.mu.Unlock()
	return e.pipe.closed || len(e.in.messages) > 0
}

// Arm does nothing: Wait returns at every change.
func (e *End) Arm(transport.Kind, uint32) {}

// Disarm does nothing.
func (e *End) Disarm(transport.Kind, uint32) {}

// Wait sleeps until something changed.
func (e *End) Wait(bool) error {
	<-e.wake
	e.pipe.mu.Lock()
	defer e.pipe.mu.Unlock()
	if e.pipe.closed {
		return ErrClosed
	}
	return nil
}

// Interrupt makes Wait return.
func (e *End) Interrupt() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// OnWake does nothing: Wait returns at every change.
func (e *End) OnWake(func()) {}

// Woke says false.
func (e *End) Woke() bool { return false }

// Nap is not supported.
func (e *End) Nap(*transport.Bell, time.Duration, bool) bool { return false }

// Close ends both ends; what was committed can still be received.
func (e *End) Close(context.Context) error {
	e.pipe.mu.Lock()
	e.pipe.closed = true
	e.pipe.mu.Unlock()
	e.Interrupt()
	e.out.to.Interrupt()
	return nil
}
