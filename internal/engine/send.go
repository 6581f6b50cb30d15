//go:build linux

package engine

import (
	"sync/atomic"
	"unsafe"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// Sending is Go in both engines: a call of C costs more than all that it would do here,
// and a message would need two, since its last step is taken under a lock.

// sendState belongs to the sending role.
type sendState struct {
	head  uint32 // index of the next message; the shared word is only written
	tail  uint32 // the peer's tail when last read
	spare Spares // of the own pool
	taken Slot   // slot that Stage took for the staged message

	woke atomic.Bool // a Commit found the peer asleep; anyone reads it
}

// startSending begins at the indices that stand in the entry.
func (e *End) startSending() {
	learnToCopy()
	e.send.head = atomic.LoadUint32(e.sendHead)
	e.send.tail = atomic.LoadUint32(e.sendTail)
	e.send.spare = NewSpares(&e.own)
	e.send.taken = NoneTaken
}

// Room reports whether a message has room in the ring: OK, NoSpace or BadRing. The
// peer's tail is read again only when the copy says full.
func (e *End) Room() Status {
	mask := e.place.RingSize - 1
	if e.send.head-e.send.tail < mask {
		return OK
	}
	// Acquire: the peer has read the descriptors that are written over next.
	tail := atomic.LoadUint32(e.sendTail)
	switch used := e.send.head - tail; {
	case used > mask:
		return BadRing
	case used == mask:
		return NoSpace
	}
	e.send.tail = tail
	return OK
}

// Stage writes a message where the peer does not look yet: into the ring past head
// and, over InlineMax bytes of prefix and payload, into slot, which the caller took
// from this side's pool, or with NoneTaken into one taken here. OK, or nothing is held
// but what the caller took: NoSpace, NoSlot, TooLong, BadRing.
func (e *End) Stage(h Header, prefix, payload []byte, slot Slot) Status {
	ownLine(unsafe.Pointer(e.sendHead)) // which a peer that polls has; Commit would wait for it
	length := len(prefix) + len(payload)
	if uint64(length) > max(e.own.capacity(), layout.InlineMax) {
		return TooLong
	}
	if s := e.Room(); s != OK {
		return s
	}
	if length > layout.InlineMax && slot == NoneTaken {
		var ok bool
		if slot, _, ok = e.send.spare.TakeFor(length); !ok {
			return NoSlot
		}
		e.send.taken = slot
	}
	e.write(h, prefix, payload, slot)
	return OK
}

// StageWritten is Stage for a payload of n bytes that the caller has written into the
// slot that it took, at the start of [End.Written].
func (e *End) StageWritten(h Header, n uint32, slot Slot) Status {
	if s := e.Room(); s != OK {
		return s
	}
	e.describe(h, n, slot)
	return OK
}

// Own is the pool that this side takes from.
func (e *End) Own() *Pool { return &e.own }

// Written is the place of a payload of n bytes, at most a slot's, in a slot of this side.
func (e *End) Written(s Slot, n uint32) []byte { return e.own.payload(s.Index, 0, n)[:n:n] }

// write fills the descriptor at head, and the slot. Plain stores: the peer reads them
// after it has seen head, which Commit stores with release.
func (e *End) write(h Header, prefix, payload []byte, slot Slot) {
	into := e.describe(h, uint32(len(prefix)+len(payload)), slot)
	if len(prefix) == 2 { // nearly always
		into[0], into[1] = prefix[0], prefix[1]
	} else {
		copy(into, prefix)
	}
	copyPayload(into[len(prefix):], payload)
}

// describe fills the descriptor at head, and gives the place of the payload.
func (e *End) describe(h Header, length uint32, slot Slot) (into []byte) {
	d := e.descriptor(e.send.head)
	*d = [layout.SizeDesc]byte{layout.OffDescMsgType: h.Type}
	if slot == NoneTaken {
		into = d[layout.OffDescInlinePayload:]
	} else {
		into = e.own.payload(slot.Index, 0, length)
		put32(d[layout.OffDescPayloadGeneration:], slot.Generation)
	}
	put32(d[layout.OffDescID:], h.ID)
	put64(d[layout.OffDescMethodID:], h.Method)
	put32(d[layout.OffDescPayloadSlot:], slot.Index)
	put32(d[layout.OffDescPayloadLen:], length)
	return into
}

// descriptor is the place in the outgoing ring for an index, inside it by the mask.
func (e *End) descriptor(index uint32) *[layout.SizeDesc]byte {
	return (*[layout.SizeDesc]byte)(unsafe.Add(e.sendRing, uint64(index&(e.place.RingSize-1))*layout.SizeDesc))
}

// Commit publishes the staged message: the descriptor and payload, then head, then a
// look at the peer's flags. It reports whether the doorbell has to be rung.
func (e *End) Commit() (bell bool) {
	e.send.taken = NoneTaken
	e.send.head++
	store(e.sendHead, e.send.head)
	futex, bell := e.wakeAsked(Messages, e.sendHead)
	if futex || bell {
		e.send.woke.Store(true)
	}
	ownLine(unsafe.Pointer(e.descriptor(e.send.head))) // which the next message writes to
	return bell
}

// ownDescriptor has the line of the next message's descriptor fetched again. Commit did, but the
// peer's processor, when it reads the message, fetches by itself what lies behind it. Any
// goroutine may call it: where the head lies is in the segment, and a wrong one costs a line.
func (e *End) ownDescriptor() {
	ownLine(unsafe.Pointer(e.descriptor(atomic.LoadUint32(e.sendHead))))
}

// Woke reports whether a Commit since the last Woke found the peer asleep.
func (e *End) Woke() bool { return e.send.woke.Load() && e.send.woke.Swap(false) }

// LookAhead takes slots from the own pool for messages to come if none is left, for after a
// Commit where another is likely soon. It belongs to the sending role.
func (e *End) LookAhead() { e.send.spare.Ahead() }

// GiveBackSpares frees the slots that were taken from the own pool for messages to come.
// It belongs to the sending role.
func (e *End) GiveBackSpares() { e.send.spare.GiveBack() }

// Abort gives back what Stage took. A slot that the caller took is the caller's again.
func (e *End) Abort() {
	if e.send.taken != NoneTaken {
		e.own.Return(e.send.taken.Index)
		e.send.taken = NoneTaken
	}
}
