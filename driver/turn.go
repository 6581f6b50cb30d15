package driver

import "sync"

// turn is the right to send, which one goroutine has at a time. Whoever has it holds the
// connection's lock too: what a short message takes is done in one step with what the core
// decides. To copy a long one it goes away from the lock, and keeps its turn.
//
// As a lock it is the transport's as well, for what that sends by itself.
type turn struct {
	own sync.Mutex  // taken with mu, or before it
	mu  *sync.Mutex // conn.mu
}

// Lock takes mu and the turn. It waits for one who is away.
func (t *turn) Lock() {
	if t.TryLock() {
		return
	}
	t.own.Lock()
	t.mu.Lock()
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
func (t *turn) take() bool { return t.own.TryLock() }

// Unlock gives both up.
func (t *turn) Unlock() {
	t.own.Unlock()
	t.mu.Unlock()
}

// without runs fn without mu, and keeps the turn.
func (t *turn) without(fn func() error) error {
	t.mu.Unlock()
	defer t.mu.Lock()
	return fn()
}
