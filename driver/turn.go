package driver

import "sync"

// turn is the right to send, which one goroutine has at a time. Whoever has it holds the
// connection's lock too: what a short message takes is done in one step with what the core
// decides. To copy a long one it goes away from the lock, and keeps its turn.
//
// As a lock it is the transport's as well, for what that sends by itself.
type turn struct {
	mu *sync.Mutex // conn.mu, which guards the rest

	taken   bool
	waiting int       // for one who is away
	back    sync.Cond // for those
	// Who waits may find the turn taken by another each time that it wakes up. From then on
	// it is handed to those who wait, in their order: it stays taken until one of them has it.
	inOrder, handed bool
}

func (t *turn) init(mu *sync.Mutex) { t.mu, t.back.L = mu, mu }

// Lock takes mu and the turn. It waits for one who is away.
func (t *turn) Lock() {
	t.mu.Lock()
	if t.taken {
		t.wait()
	}
	t.taken = true
}

// wait gives mu up until the turn is free, or handed over.
func (t *turn) wait() {
	t.waiting++
	for {
		t.back.Wait()
		if !t.taken || t.handed {
			break
		}
		t.inOrder = true
	}
	t.handed = false
	if t.waiting--; t.waiting == 0 {
		t.inOrder = false
	}
}

// TryLock is Lock unless somebody is away.
func (t *turn) TryLock() bool {
	t.mu.Lock()
	if t.take() {
		return true
	}
	t.mu.Unlock()
	return false
}

// take takes the turn, for one who holds mu, unless another has it.
func (t *turn) take() bool {
	if t.taken {
		return false
	}
	t.taken = true
	return true
}

// Unlock gives both up.
func (t *turn) Unlock() {
	t.taken = false
	if t.waiting > 0 {
		t.pass()
	}
	t.mu.Unlock()
}

// pass wakes up one who waits, and hands it the turn if it is its by order.
func (t *turn) pass() {
	t.taken, t.handed = t.inOrder, t.inOrder
	t.back.Signal()
}

// without runs fn without mu, and keeps the turn.
func (t *turn) without(fn func() error) error {
	t.mu.Unlock()
	defer t.mu.Lock()
	return fn()
}
