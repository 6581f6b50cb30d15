package driver

import "sync"

// turn is the right to send, which one goroutine has at a time. Whoever has it holds the
// connection's lock too: what a short message takes is done in one step with what the core
// decides. To copy a long one it goes away from the lock, and stays the one whose turn it
// is.
//
// As a lock it is the transport's as well, for what that sends by itself.
type turn struct {
	mu   *sync.Mutex // conn.mu
	away bool        // somebody has the turn without mu
	back sync.Cond   // nobody is away
}

func (t *turn) init(mu *sync.Mutex) { t.mu, t.back.L = mu, mu }

// Lock takes mu and the turn. It waits for one who is away.
func (t *turn) Lock() {
	t.mu.Lock()
	for t.away {
		t.back.Wait()
	}
}

// TryLock is Lock unless somebody is away.
func (t *turn) TryLock() bool {
	t.mu.Lock()
	if t.away {
		t.mu.Unlock()
		return false
	}
	return true
}

// Unlock gives both up.
func (t *turn) Unlock() { t.mu.Unlock() }

// without runs fn without mu, and keeps the turn.
func (t *turn) without(fn func() error) error {
	t.away = true
	t.mu.Unlock()
	err := fn()
	t.mu.Lock()
	t.away = false
	t.back.Broadcast()
	return err
}
