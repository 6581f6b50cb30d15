package driver

import (
	"sync"
	"time"
)

// caretaker arms the wait for messages of its connection when the role was left without. It
// is at work only where that may have happened. Each connection has its own: a timer belongs
// to the clock under which it was made, and a program's tests may give each its own
// (testing/synctest).
type caretaker struct {
	mu    sync.Mutex
	timer *time.Timer   // runs while the connection is tended
	next  time.Duration // from one look to the next
}

// How often the caretaker looks: what the peer sends by itself, where it is not expected
// to, may lie for two looks. A look takes a processor from whoever polls on it, so that
// they become rarer while calls follow each other.
const (
	firstTending = 500 * time.Microsecond
	mostTending  = 2 * time.Millisecond
)

// tend has the caretaker look after the connection, which is free and not armed.
func (c *conn) tend() {
	if c.role.tended.Load() {
		return // it is looked at again before it is forgotten
	}
	t := &c.care
	t.mu.Lock()
	defer t.mu.Unlock()
	c.role.tended.Store(true)
	t.next = firstTending
	if t.timer == nil {
		t.timer = time.AfterFunc(t.next, c.look)
	} else {
		t.timer.Reset(t.next)
	}
}

// look looks at the connection, and comes back unless it has somebody who is responsible.
func (c *conn) look() {
	t := &c.care
	t.mu.Lock()
	defer t.mu.Unlock()
	// Forgotten first, then looked at: who leaves the role unarmed after the look finds it
	// forgotten.
	c.role.tended.Store(false)
	if !c.lapsed() {
		return
	}
	c.role.tended.Store(true)
	t.next = min(2*t.next, mostTending)
	t.timer.Reset(t.next)
}

// lapsed says that the connection may be left without somebody responsible. Where nobody
// had it since the last look, it changes that.
func (c *conn) lapsed() bool {
	c.grantWithheld()
	held := c.role.held.Load()
	untaken := c.role.idle.Swap(true) // since the last look
	if c.relieveLate(untaken && !held) {
		return true
	}
	switch {
	case c.ended.Load() || c.role.armed.Load():
		return false
	case held:
		// Who holds it may soon leave it unarmed, unless it is a long wait.
		return !untaken
	case untaken:
		c.rouse()
		return !c.role.armed.Load()
	}
	return true
}
