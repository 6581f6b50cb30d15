package driver

import "sync/atomic"

// The lists that a waiter can be in.
const (
	inAll = iota
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
// owner guards it; n is read without the lock to see that there are none.
type waiterList struct {
	kind        int
	first, last *waiter
	n           atomic.Int32
}

func (l *waiterList) add(w *waiter) {
	w.in[l.kind] = neighbours{before: l.last, here: true}
	if l.last == nil {
		l.first = w
	} else {
		l.last.in[l.kind].after = w
	}
	l.last = w
	l.n.Store(l.n.Load() + 1)
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
	l.n.Store(l.n.Load() - 1)
}

// each calls fn with every waiter.
func (l *waiterList) each(fn func(*waiter)) {
	for w := l.first; w != nil; w = w.in[l.kind].after {
		fn(w)
	}
}
