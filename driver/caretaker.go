package driver

import (
	"sync"
	"time"
)

// caretaker arms the wait for messages of connections whose role was left without: one
// for all of the process, which runs only while there are such connections.
type caretaker struct {
	mu      sync.Mutex
	conns   map[*conn]struct{}
	running bool
}

// tending is how often the caretaker looks. What the peer sends by itself, where it is
// not expected to, may lie for two of them.
const tending = 500 * time.Microsecond

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
	if !care.running {
		care.running = true
		go care.run()
	}
}

func (t *caretaker) run() {
	ticker := time.NewTicker(tending)
	defer ticker.Stop()
	for t.look() {
		<-ticker.C
	}
}

// look looks at every connection and says whether some are left.
func (t *caretaker) look() bool {
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
	t.running = len(t.conns) > 0
	return t.running
}

// lapsed says that nobody is responsible for the connection. Where that was so the last
// time too, it changes it.
func (c *conn) lapsed() bool {
	switch {
	case c.ended.Load() || c.role.armed.Load() || c.role.held.Load():
		return false
	case c.role.idle.Swap(true):
		c.rouse()
		return !c.role.armed.Load()
	}
	return true
}
