package driver

import (
	"sync"
	"time"
)

// caretaker arms the wait for messages of connections whose role was left without: one
// for all of the process, which is at work only while there are such connections.
type caretaker struct {
	mu    sync.Mutex
	conns map[*conn]struct{}
	timer *time.Timer   // runs when conns is not empty
	next  time.Duration // from one look to the next
}

// How often the caretaker looks: what the peer sends by itself, where it is not expected
// to, may lie for two looks. A look takes a processor from whoever polls on it, so that
// they become rarer while calls follow each other.
const (
	firstTending = 500 * time.Microsecond
	mostTending  = 2 * time.Millisecond
)

var care caretaker

// tend has the caretaker look after a connection that is free and not armed.
func tend(c *conn) {
	if c.role.tended.Load() {
		return // it is looked at again before it is forgotten
	}
	c.role.tended.Store(true)
	care.mu.Lock()
	defer care.mu.Unlock()
	if care.conns == nil {
		care.conns = make(map[*conn]struct{})
	}
	care.conns[c] = struct{}{}
	if len(care.conns) > 1 {
		return
	}
	care.next = firstTending
	if care.timer == nil {
		care.timer = time.AfterFunc(care.next, care.look)
	} else {
		care.timer.Reset(care.next)
	}
}

// look looks at every connection, and comes back while some are left.
func (t *caretaker) look() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.conns {
		// Forgotten first, then looked at: who leaves the role unarmed after the look
		// finds it forgotten.
		c.role.tended.Store(false)
		if !c.lapsed() {
			delete(t.conns, c)
			continue
		}
		c.role.tended.Store(true)
	}
	if len(t.conns) > 0 {
		t.next = min(2*t.next, mostTending)
		t.timer.Reset(t.next)
	}
}

// lapsed says that the connection may be left without somebody responsible. Where nobody
// had it since the last look, it changes that.
func (c *conn) lapsed() bool {
	c.grantWithheld()
	if c.relieveLate() {
		return true
	}
	switch {
	case c.ended.Load() || c.role.armed.Load():
		return false
	case c.role.held.Load():
		// Who holds it may soon leave it unarmed, unless it is a long wait.
		return !c.role.idle.Swap(true)
	case c.role.idle.Swap(true):
		c.rouse()
		return !c.role.armed.Load()
	}
	return true
}
