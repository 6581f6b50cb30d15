package driver

import (
	"sync"
	"sync/atomic"
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

	asked atomic.Bool // for a look soon, since the last one or by it
	rare  atomic.Bool // the next look is later than tend may ask for
}

// How often the caretaker looks. A look takes a processor from whoever polls on it, so that
// they become rarer while calls follow each other: rareTending apart where nothing is left
// to them but what the peer sends by itself when it is not expected to, which may lie for two
// looks.
//
// A thread of the runtime sleeps until then, for whole milliseconds at a time, and takes some
// tens of microseconds more. Where it wakes up before the look is due, it sleeps again, and
// has taken a processor twice.
const (
	firstTending = 500 * time.Microsecond
	mostTending  = 2*time.Millisecond + overshoot
	rareTending  = 8*time.Millisecond + overshoot
	overshoot    = 30 * time.Microsecond
)

// tend has the caretaker look after the connection, in mostTending at the latest.
func (c *conn) tend() {
	c.care.ask()
	if c.care.rare.Load() {
		c.hasten()
	}
	c.tendRarely()
}

// ask has the look after the next one come soon.
func (t *caretaker) ask() {
	if !t.asked.Load() { // which costs less where it is asked for all the time
		t.asked.Store(true)
	}
}

// tendRarely has the caretaker look after the connection, which is free and not armed.
func (c *conn) tendRarely() {
	if c.role.tended.Load() {
		return // it is looked at again before it is forgotten
	}
	t := &c.care
	t.mu.Lock()
	defer t.mu.Unlock()
	c.role.tended.Store(true)
	c.lookIn(firstTending)
}

// lookIn has the next look come after d. The caller holds the caretaker's lock.
func (c *conn) lookIn(d time.Duration) {
	t := &c.care
	t.next = d
	t.rare.Store(d > mostTending)
	if t.timer == nil {
		t.timer = time.AfterFunc(d, c.look)
	} else {
		t.timer.Reset(d)
	}
}

// hasten has a look come in mostTending that is to come later.
func (c *conn) hasten() {
	t := &c.care
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rare.Load() {
		c.lookIn(mostTending)
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
	t.rare.Store(false)
	if !c.lapsed() {
		return
	}
	c.role.tended.Store(true)
	most := rareTending
	t.rare.Store(true) // until it is known: who asks from here on hastens it
	if t.asked.Swap(false) {
		most = mostTending
	}
	c.lookIn(min(2*t.next, most))
}

// lapsed says that the connection may be left without somebody responsible. Where nobody
// had it since the last look, it changes that.
func (c *conn) lapsed() bool {
	c.grantWithheld()
	held := c.role.held.Load()
	untaken := c.role.idle.Swap(true) // since the last look
	if c.relieveLate(untaken && !held) {
		c.care.ask()
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
