//go:build linux && cgo && !purego

package engine

import (
	"sync/atomic"
	"unsafe"

	"github.com/roam-rpc/roam-go/csrc"
)

// Name is the engine that is built in.
const Name = "cgo"

// A Record is filled by C.
var _ [csrc.MessageSize]byte = [unsafe.Sizeof(Record{})]byte{}

// End is one side's end of one peer's memory. Stage, Commit and Abort belong to one
// goroutine at a time, Receive to another; every other method may be called at once
// with all. Receiving is the C library's; see roam/shm.h for the order of its accesses.
type End struct {
	place Place
	words
	own, peer Pool // slots that this side takes, that it returns

	_    [64]byte // the two roles write lines of their own
	send sendState
	_    [64]byte

	c    csrc.End
	tail *uint32 // in C's private memory: the index received to
}

// New makes an end that starts from the indices that stand in the entry.
func New(place Place) *End {
	c := csrc.NewEnd(csrc.Place{
		Base: place.Base, Host: place.Host,
		Entry: place.Entry, Ring: place.Ring, Table: place.Table,
		HostPool: place.HostPool, GuestPool: place.GuestPool, PoolHeader: place.PoolHeader,
		RingSize: place.RingSize, SlotSize: place.SlotSize, Slots: place.Slots,
		MaxChannels: place.MaxChannels, PeerTable: place.PeerTable,
	})
	e := &End{place: place, words: place.words(), c: c, tail: c.Tail()}
	e.own, e.peer = place.pools()
	e.startSending()
	return e
}

// Close frees the memory of the C library. Nothing may use the end any more.
func (e *End) Close() { e.c.Free() }

// Receive takes messages until records or arena are full, the ring is empty, or one
// breaks a rule; that one lies at records[n]. Payloads are copied into the arena and
// their slots returned; for one that does not fit see also [End.Lend]. It wakes those of
// the peer that wait for ring space or a slot and reports whether the doorbell has to be
// rung. The peer may learn of the places that became free by [End.Settle] only.
func (e *End) Receive(records []Record, arena []byte) (n int, status Status, bell bool) {
	if !e.Pending() { // a call of C costs more than the look
		return 0, OK, false
	}
	count, code, bell := e.c.Receive(unsafe.Pointer(unsafe.SliceData(records)), len(records), arena)
	return count, Status(code), bell
}

// Tail is the index that this side has received to. C stores it whole.
func (e *End) Tail() uint32 { return atomic.LoadUint32(e.tail) }

// setTail is for the receiving role. C reads the index anew at each Receive; what it has
// seen arrive lies behind it.
func (e *End) setTail(tail uint32) { atomic.StoreUint32(e.tail, tail) }

// Settle is roam_end_settle.
func (e *End) Settle() (bell bool) { return e.c.Settle() }

// Grant adds n bytes to granted_total (release: what they pay for was consumed) and
// wakes senders that wait for it. It reports whether the doorbell has to be rung.
func (e *End) Grant(id, n uint32) (bell bool) { return e.c.Grant(id, n) }
