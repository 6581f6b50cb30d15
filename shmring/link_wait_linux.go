package shmring

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/engine"
)

// Bounds of a sleep.
const (
	slotBound    = 10 * time.Millisecond // a pool may be refilled without a change of the word
	wordsBound   = time.Second           // nothing on a futex word shows the end of the other side
	foreignBusy  = time.Millisecond      // a foreign peer may never wake
	foreignIdle  = 20 * time.Millisecond
	crowdedBound = 10 * time.Millisecond // more words are armed than one sleep can watch
)

// Wait sleeps until something armed may have come about, [Link.Interrupt], or the
// link's end, which it returns; nil means to look at every armed condition again, and
// may come for no reason. busy says that a call or channel is open, which makes sleeps
// against a foreign peer short. It blocks; with a doorbell it holds no thread, but for
// the time that few links linger after a message.
func (l *Link) Wait(busy bool) error {
	if l.Err() != nil || !l.enter() {
		return l.Err()
	}
	defer l.exit() // from before the sleep: a retired link's bell and words are nobody's
	l.renewSlotBits()
	bound := l.bound(busy)
	if l.bell == nil {
		l.sleepOnWords(bound)
	} else if !l.linger(busy) {
		if err := l.sleepOnBell(bound); err != nil {
			return err
		}
	}
	if l.pool != nil {
		l.pool.wake(l)
	}
	return l.look()
}

// sleepOnBell waits for a ring, 0 without a bound. The error is the link's end.
func (l *Link) sleepOnBell(bound time.Duration) error {
	var deadline time.Time
	began := time.Now()
	if bound > 0 {
		deadline = began.Add(bound)
	}
	alone := l.messagesAlone()
	err := l.bell.wait(deadline)
	if alone {
		l.headSleeps.lingers.Took(time.Since(began))
	}
	if errors.Is(err, errHungUp) {
		return l.hungUp()
	}
	if err != nil { // closed under us, which only who retired the link does
		l.end(ErrClosed)
	}
	return l.Err()
}

// bound is how long a sleep may last, 0 for ever.
func (l *Link) bound(busy bool) time.Duration {
	bound := time.Duration(0)
	if l.bell == nil {
		bound = l.patience
	}
	if l.foreign || l.bell == nil && !engine.CanSleep() {
		bound = foreignIdle
		if busy {
			bound = foreignBusy
		}
	}
	if l.waiting(KindSlot) && (bound == 0 || bound > l.slotPatience) {
		bound = l.slotPatience
	}
	return bound
}

// renewSlotBits sets the bits of those who wait for a slot anew.
func (l *Link) renewSlotBits() {
	switch {
	case !l.waiting(KindSlot):
	case l.pool != nil:
		l.pool.redeclare()
	default:
		l.declare(l.bit(KindSlot))
	}
}

// sleepOnWords sleeps on every word that is armed.
func (l *Link) sleepOnWords(bound time.Duration) {
	vector, all := l.waits.beginSleep(&l.broken)
	if !all {
		bound = min(bound, crowdedBound)
	}
	if atomic.SwapUint32(&l.broken, 0) == 0 && l.Err() == nil {
		if engine.CanSleep() {
			engine.Sleep(vector, bound)
		} else {
			engine.SleepOne(&l.broken, 0, bound)
		}
		atomic.SwapUint32(&l.broken, 0)
	}
	l.waits.endSleep()
}

// beginSleep gives the words to sleep on, that of Interrupt first, and says whether
// they are all.
func (w *waiters) beginSleep(broken *uint32) (vector []engine.Wait, all bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asleep = true
	w.vector = append(w.vector[:0], engine.WaitPrivate(broken, 0))
	for i := range w.words {
		if len(w.vector) == engine.MaxWaits {
			return w.vector, false
		}
		w.vector = append(w.vector, engine.WaitShared(w.words[i].word, w.words[i].seen))
	}
	return w.vector, true
}

// endSleep notes the words' values before Wait returns and every condition is looked
// at.
func (w *waiters) endSleep() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asleep = false
	for i := range w.words {
		w.words[i].seen = atomic.LoadUint32(w.words[i].word)
	}
}

// Interrupt ends the Wait that is under way, or the next. It does not block.
func (l *Link) Interrupt() {
	if l.bell != nil {
		l.bell.interrupt()
		if !l.waits.lingers.Load() {
			return
		}
	}
	atomic.StoreUint32(&l.broken, 1)
	engine.WakePrivate(&l.broken)
	l.breakHolds()
}

// Nap is the sleep of the goroutine that receives: until a message lies in the ring,
// the link ends, *interrupt is no longer seen (see [Link.WakeNap]), or d is over. It
// blocks a thread, so that few links of a process nap at once, and if it is expected to
// be brief a P, so that fewer do. interrupt is a word of this process's heap. It returns
// false at once where too many nap already, or the kernel has no futex_waitv: wait for
// [KindMessages] then.
func (l *Link) Nap(interrupt *uint32, seen uint32, d time.Duration, brief bool) bool {
	if !engine.CanSleep() {
		return false
	}
	if d <= 0 || !l.enter() {
		return true
	}
	defer l.exit()
	if !napping.take() {
		return false
	}
	defer napping.giveBack()
	if l.foreign {
		d = min(d, foreignBusy)
	}
	d = min(d, l.patience)
	bit := engine.FutexBit(engine.Messages)
	l.addWaiter(bit)
	defer l.removeWaiter(bit)
	sleep := l.headSleeps.begin(brief)
	defer sleep.end()
	broken := atomic.LoadUint32(&l.napBreak) // before the end is looked at: a later end changes it
	head := l.shm.Head()
	if head != l.shm.Tail() || l.over() || atomic.LoadUint32(interrupt) != seen {
		return true
	}
	word := l.shm.WaitWord(engine.Messages, 0)
	if sleep.hold(word, head, d) {
		return true // to look again
	}
	words := [...]engine.Wait{
		engine.WaitShared(word, head),
		engine.WaitPrivate(interrupt, seen),
		engine.WaitPrivate(&l.napBreak, broken),
	}
	engine.Sleep(words[:], d)
	return true
}

// WakeNap ends the Nap that sleeps on interrupt, or keeps the next from sleeping.
func (l *Link) WakeNap(interrupt *uint32) {
	atomic.AddUint32(interrupt, 1)
	engine.WakePrivate(interrupt)
	l.breakHolds()
}

// OnWake sets the function that is called, from any goroutine, when those who wait
// should look again though Wait of this link does not return: a slot of the host's
// pool came back by another guest. It must not block.
func (l *Link) OnWake(fn func()) { l.onWake.Store(fn) }

func (l *Link) wakeLocal() {
	if fn, ok := l.onWake.Load().(func()); ok {
		fn()
	}
}
