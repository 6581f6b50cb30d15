package shmring

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/engine"
)

// waiters are those of this process that wait for one peer, with their flag bits. A
// count and its bit change together under mu: were they apart, one waiter's last step
// could clear the bit that another has just set.
type waiters struct {
	mu     sync.Mutex
	counts [32]int // by number of the flag bit

	// Of those that called Arm: how many wait for messages, and for anything else that
	// counts has. lingers says that the former are woken on the ring's head.
	messages, others int
	lingers          atomic.Bool // changes under mu

	// Without a doorbell Wait sleeps on these words.
	words  []watched
	asleep bool          // a Wait sleeps on what words were when it began
	vector []engine.Wait // scratch of Wait
}

// watched is a word that somebody armed.
type watched struct {
	kind  Kind
	id    uint32
	count int
	word  *uint32
	// seen is the value from before the last look at the condition: the one after
	// Arm, or after a Wait returned. A sleep on it cannot miss what came since.
	seen uint32
}

// bit is the flag of a waiter of kind k that Arm declares.
func (l *Link) bit(k Kind) uint32 {
	if l.bell != nil {
		return engine.BellBit(engine.Kind(k))
	}
	return engine.FutexBit(engine.Kind(k))
}

// number is the position of a flag bit.
func number(bit uint32) int { return bits.TrailingZeros32(bit) }

// Arm declares one waiter of this process: until [Link.Disarm] the peer wakes this
// side when what kind k waits for may have come about, and Wait returns then. id is
// the channel for [KindCredit], else 0. After Arm the caller looks at its condition
// again before it sleeps: either it sees the change, or it is woken.
//
// A host that waits for a slot of its own pool is woken by every guest.
func (l *Link) Arm(k Kind, id uint32) {
	if !l.enter() {
		return
	}
	defer l.exit()
	if k == KindSlot && l.pool != nil {
		l.pool.arm(l)
	} else {
		l.arm(k, 1)
	}
	if k != KindMessages {
		l.breakLinger()
	}
	if l.bell == nil && (k != KindCredit || id < l.seg.lay.MaxChannels) {
		l.watch(k, id)
	}
}

// Disarm takes a waiter back that Arm declared.
func (l *Link) Disarm(k Kind, id uint32) {
	if !l.enter() {
		return
	}
	defer l.exit()
	if k == KindSlot && l.pool != nil {
		l.pool.disarm(l)
	} else {
		l.arm(k, -1)
	}
	if l.bell == nil {
		l.unwatch(k, id)
	}
}

// arm counts waiters of kind k that called Arm. The caller is inside.
func (l *Link) arm(k Kind, by int) {
	w := &l.waits
	w.mu.Lock()
	defer w.mu.Unlock()
	if k == KindMessages {
		w.messages += by
		l.count(l.messagesBit(), by)
		return
	}
	w.others += by
	l.count(l.bit(k), by)
}

// addWaiter counts a waiter with a flag bit that did not call Arm. The caller is inside.
func (l *Link) addWaiter(bit uint32) {
	l.waits.mu.Lock()
	defer l.waits.mu.Unlock()
	l.count(bit, 1)
}

// removeWaiter takes such a waiter back. The caller is inside.
func (l *Link) removeWaiter(bit uint32) {
	l.waits.mu.Lock()
	defer l.waits.mu.Unlock()
	l.count(bit, -1)
}

// count changes the number of waiters with a flag bit, sets the bit with the first and
// clears it with the last. The caller is inside and holds waits.mu.
func (l *Link) count(bit uint32, by int) {
	count := &l.waits.counts[number(bit)]
	was := *count
	*count += by
	switch {
	case was == 0 && *count > 0:
		l.shm.Declare(bit)
	case was > 0 && *count == 0:
		l.shm.Withdraw(bit)
	}
}

// waiting reports whether somebody waits for kind k by Arm.
func (l *Link) waiting(k Kind) bool {
	if k == KindSlot && l.pool != nil {
		return l.slotWaiters.Load() > 0
	}
	l.waits.mu.Lock()
	defer l.waits.mu.Unlock()
	return l.waits.counts[number(l.bit(k))] > 0
}

// declare sets a bit for the host's pool, which counts its waiters itself.
func (l *Link) declare(bit uint32) {
	if l.enter() {
		l.shm.Declare(bit)
		l.exit()
		l.breakLinger()
	}
}

// withdraw clears a bit that declare set.
func (l *Link) withdraw(bit uint32) {
	if l.enter() {
		l.shm.Withdraw(bit)
		l.exit()
	}
}

// watch adds a word to those that Wait sleeps on. The caller is inside and has set
// the flag bit.
func (l *Link) watch(k Kind, id uint32) {
	if l.waits.add(k, id, l.shm.WaitWord(engine.Kind(k), id)) {
		l.Interrupt() // the sleep that is under way does not know the word
	}
}

// add counts a waiter of a word and reports whether a Wait sleeps without it.
func (w *waiters) add(k Kind, id uint32, word *uint32) (asleep bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.words {
		if e := &w.words[i]; e.kind == k && e.id == id {
			e.count++ // seen stays: another waiter may have looked last when it had that value
			return false
		}
	}
	w.words = append(w.words, watched{kind: k, id: id, count: 1, word: word, seen: atomic.LoadUint32(word)})
	return w.asleep
}

// unwatch takes a waiter of a word back.
func (l *Link) unwatch(k Kind, id uint32) {
	w := &l.waits
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.words {
		if e := &w.words[i]; e.kind == k && e.id == id {
			if e.count--; e.count == 0 {
				last := len(w.words) - 1
				w.words[i] = w.words[last]
				w.words = w.words[:last]
			}
			return
		}
	}
}
