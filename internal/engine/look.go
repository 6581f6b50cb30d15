//go:build linux

package engine

import "sync/atomic"

// What any goroutine may look at. A load costs less than a call of C, so both engines
// do it in Go.

// Head is the index that the incoming ring has been filled to (acquire).
func (e *End) Head() uint32 { return atomic.LoadUint32(e.recvHead) }

// Pending reports whether something lies in the incoming ring.
func (e *End) Pending() bool { return e.Head() != e.Tail() }

// Spin looks for a message up to so many times, with a pause of some hundred nanoseconds
// after each. Go in both engines: a call of C costs more than the look that finds one.
func (e *End) Spin(looks int) bool { return awaitChange(e.recvHead, e.Tail(), looks) }

// Unread reports whether the peer has not received all that was committed, and the
// tail at which it stands.
func (e *End) Unread() (tail uint32, unread bool) {
	tail = atomic.LoadUint32(e.sendTail)
	return tail, tail != atomic.LoadUint32(e.sendHead)
}
