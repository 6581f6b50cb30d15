package shmring

import (
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/engine"
)

// A link that expects its next message soon lingers: Wait sleeps on the ring's head rather
// than on the doorbell. The peer wakes it several times faster so, since no poller and no
// second thread has a part in it. The price is a thread that sleeps meanwhile, and its P:
// the runtime takes that away after ten milliseconds only, and until then looks at it some
// sixty times, which costs more than all the rest of a call where guests are many. So a
// link lingers where its last sleeps were brief, while nothing but messages is waited for,
// and few links of a process do at once.

const lingerBound = holdBound // after the last message

// Those that may sleep in a thread of their own at once: the links of a process are many.
var (
	lingering = seats{most: 4}
	napping   = seats{most: 16}
)

// seats are for as many as most at once.
type seats struct {
	most  int32
	taken atomic.Int32
}

func (s *seats) take() bool { return s.takeOf(s.most) }

// takeOf is take where the number changes.
func (s *seats) takeOf(most int32) bool {
	if s.taken.Add(1) <= most {
		return true
	}
	s.taken.Add(-1)
	return false
}

func (s *seats) giveBack() { s.taken.Add(-1) }

// linger sleeps on the ring's head, if that is due, and reports whether a message lies
// there. The caller is inside, and goes on to the doorbell otherwise.
func (l *Link) linger(busy bool) (came bool) {
	tail := l.shm.Tail()
	if l.lingering <= 0 || !l.headSleeps.lingers.Brief() || tail == l.lingered ||
		l.foreign || !engine.CanSleep() || !l.messagesAlone() {
		return false
	}
	if !lingering.take() {
		return false
	}
	defer lingering.giveBack()
	l.setLingers(true)
	began := time.Now()
	sleep := l.headSleeps.begin(!busy)
	// From now on whoever interrupts, ends the link or arms something else breaks this
	// sleep; what they did before is seen here.
	if !l.bell.interrupted() && l.Err() == nil && l.messagesAlone() {
		head := l.shm.WaitWord(engine.Messages, 0)
		if !sleep.hold(head, tail, l.lingering) {
			words := [...]engine.Wait{engine.WaitShared(head, tail), engine.WaitPrivate(&l.broken, 0)}
			engine.Sleep(words[:], l.lingering)
		}
		if l.shm.Head() == tail && atomic.LoadUint32(&l.broken) == 0 {
			l.lingered = tail // in vain: not again before the next message
		}
		l.headSleeps.lingers.Took(time.Since(began))
	}
	sleep.end()
	l.setLingers(false)
	atomic.SwapUint32(&l.broken, 0) // the doorbell's wait has its own word of an interrupt
	// Looked at after the flag is the doorbell's again: a later message rings it.
	return l.shm.Head() != tail
}

// messagesAlone reports whether messages, and nothing else, are waited for.
func (l *Link) messagesAlone() bool {
	w := &l.waits
	if l.pool != nil && l.pool.waiters.Load() > 0 {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.messages > 0 && w.others == 0
}

// setLingers moves those that armed messages to the flag of the other sleep.
func (l *Link) setLingers(on bool) {
	w := &l.waits
	w.mu.Lock()
	defer w.mu.Unlock()
	from := l.messagesBit()
	w.lingers.Store(on)
	if w.messages > 0 {
		l.count(l.messagesBit(), w.messages) // set before the other is cleared
		l.count(from, -w.messages)
	}
}

// messagesBit is the flag of those that armed messages. The caller holds waits.mu.
func (l *Link) messagesBit() uint32 {
	if l.waits.lingers.Load() {
		return engine.FutexBit(engine.Messages)
	}
	return l.bit(KindMessages)
}

// breakLinger ends a sleep that does not watch what has just been armed.
func (l *Link) breakLinger() {
	if l.waits.lingers.Load() {
		l.Interrupt()
	}
}
