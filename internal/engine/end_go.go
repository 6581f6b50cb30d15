//go:build linux && (!cgo || purego)

package engine

import "sync/atomic"

// Name is the engine that is built in.
const Name = "go"

// End is one side's end of one peer's memory. Stage, Commit and Abort belong to one
// goroutine at a time, Receive to another; every other method may be called at once
// with all. Go's atomics are sequentially consistent, which is at least what each
// step needs; the comments name the order that matters.
type End struct {
	place Place
	words
	own, peer Pool // slots that this side takes, that it returns

	_        [64]byte // the two roles write lines of their own
	send     sendState
	_        [64]byte
	receives recvState
	_        [64]byte
	recv     *recvState // receives
}

// New makes an end that starts from the indices that stand in the entry.
func New(place Place) *End {
	e := &End{place: place, words: place.words()}
	e.own, e.peer = place.pools()
	e.startSending()
	e.recv = &e.receives
	e.recv.head = atomic.LoadUint32(e.recvTail) // as if empty: the first look reads and checks the real one
	e.setTail(e.recv.head)
	e.recv.told = e.recv.head
	return e
}

// Close releases what the end holds beside the mapping. Nothing may use it any more.
func (e *End) Close() {}

// Receive is [End.receive].
func (e *End) Receive(records []Record, arena []byte) (n int, status Status, bell bool) {
	return e.receive(records, arena)
}

// Grant adds n bytes to granted_total (release: what they pay for was consumed) and
// wakes senders that wait for it. It reports whether the doorbell has to be rung.
func (e *End) Grant(id, n uint32) (bell bool) {
	word := e.granted(id)
	atomic.AddUint32(word, n)
	return e.tell(Credit, word)
}
