//go:build linux && cgo && !purego

package engine

import (
	"unsafe"

	"github.com/roam-rpc/roam-go/csrc"
)

// Name is the engine that is built in.
const Name = "cgo"

// A Record is filled by C.
var _ [csrc.MessageSize]byte = [unsafe.Sizeof(Record{})]byte{}

// End is one side's end of one peer's memory. Stage, Commit and Abort belong to one
// goroutine at a time, Receive to another; every other method may be called at once
// with all. Large batches are received by the C library; see roam/shm.h for the order of its
// accesses.
type End struct {
	place Place
	words
	own, peer Pool // slots that this side takes, that it returns

	_    [64]byte // the two roles write lines of their own
	send sendState
	_    [64]byte

	c    csrc.End
	recv *recvState // in C's private memory
	byC  bool       // the last batch was one for C; the receiving role's
}

var _ [csrc.ReceivingSize]byte = [unsafe.Sizeof(recvState{})]byte{}

// New makes an end that starts from the indices that stand in the entry.
func New(place Place) *End {
	c := csrc.NewEnd(csrc.Place{
		Base: place.Base, Host: place.Host,
		Entry: place.Entry, Ring: place.Ring, Table: place.Table,
		HostPool: place.HostPool, GuestPool: place.GuestPool, PoolHeader: place.PoolHeader,
		RingSize: place.RingSize, SlotSize: place.SlotSize, Slots: place.Slots,
		MaxChannels: place.MaxChannels, PeerTable: place.PeerTable,
	})
	e := &End{place: place, words: place.words(), c: c, recv: (*recvState)(c.Receiving())}
	e.own, e.peer = place.pools()
	e.startSending()
	return e
}

// Close frees the memory of the C library. Nothing may use the end any more.
func (e *End) Close() { e.c.Free() }

// batchForC is from how many messages on a call of C costs less than it saves: C takes some 2 ns
// less for each, and the call costs 35.
const batchForC = 24

// Receive is [End.receive]; by roam_end_receive after a large batch, since another one
// tends to follow.
func (e *End) Receive(records []Record, arena []byte) (n int, status Status, bell bool) {
	if e.byC {
		n, status, bell = e.receiveByC(records, arena)
	} else {
		n, status, bell = e.receive(records, arena)
	}
	if e.byC != (n >= batchForC) {
		e.byC = !e.byC
	}
	return n, status, bell
}

// receiveByC is apart, so that what is done for a single message stays short.
//
//go:noinline
func (e *End) receiveByC(records []Record, arena []byte) (n int, status Status, bell bool) {
	n, code, bell := e.c.Receive(unsafe.Pointer(unsafe.SliceData(records)), len(records), arena)
	return n, Status(code), bell
}

// Grant adds n bytes to granted_total (release: what they pay for was consumed) and
// wakes senders that wait for it. It reports whether the doorbell has to be rung.
func (e *End) Grant(id, n uint32) (bell bool) { return e.c.Grant(id, n) }
