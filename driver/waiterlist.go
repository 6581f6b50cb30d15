package driver

import (
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/release"
)

// The lists that a waiter can be in.
const (
	inWaiters = iota
	inBlocked
	inQueue
	listKinds
)

// neighbours are those of a waiter in one list.
type neighbours struct {
	before, after *waiter
	here          bool
}

// waiterList is a list of waiters, oldest first, that costs no memory of its own. Its
// owner guards it, by a lock that who was added or removed gives up before it looks at
// anything else: that orders the change of n before the look.
type waiterList struct {
	kind        int
	first, last *waiter
	n           uint32 // read without the lock, see len
}

// len is how many are in the list; for those without the lock, to see that there are none.
func (l *waiterList) len() uint32 { return atomic.LoadUint32(&l.n) }

func (l *waiterList) add(w *waiter) {
	w.in[l.kind] = neighbours{before: l.last, here: true}
	if l.last == nil {
		l.first = w
	} else {
		l.last.in[l.kind].after = w
	}
	l.last = w
	release.Store(&l.n, l.n+1)
}

// remove takes w out, if it is in the list.
func (l *waiterList) remove(w *waiter) {
	at := w.in[l.kind]
	if !at.here {
		return
	}
	if at.before == nil {
		l.first = at.after
	} else {
		at.before.in[l.kind].after = at.after
	}
	if at.after == nil {
		l.last = at.before
	} else {
		at.after.in[l.kind].before = at.before
	}
	w.in[l.kind] = neighbours{}
	release.Store(&l.n, l.n-1)
}

// each calls fn with every waiter, which fn may remove.
func (l *waiterList) each(fn func(*waiter)) {
	for w := l.first; w != nil; {
		after := w.in[l.kind].after
		fn(w)
		w = after
	}
}
