package shmring

import (
	"errors"
	"fmt"
	"sync"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// MsgType is the type of a message, as a descriptor carries it.
type MsgType uint8

// The message types.
const (
	MsgRequest  MsgType = layout.MsgRequest
	MsgResponse MsgType = layout.MsgResponse
	MsgCancel   MsgType = layout.MsgCancel
	MsgData     MsgType = layout.MsgData
	MsgClose    MsgType = layout.MsgClose
	MsgReset    MsgType = layout.MsgReset
	MsgGoodbye  MsgType = layout.MsgGoodbye
)

// Message is one message of a ring.
type Message struct {
	Type MsgType
	// ID is a request id for Request, Response and Cancel, a channel id for Data,
	// Close and Reset, and unused for Goodbye.
	ID uint32
	// Method is the method id of a Request, else 0.
	Method uint64
	// Payload is raw bytes. That of a received message is valid until the next
	// Receive into the same Batch, unless it is Owned.
	Payload []byte
	// Owned is set by Receive: nobody else uses the Payload, which may be kept.
	Owned bool
	// Loan is set by Receive when the payload was left in its slot, as [Batch.Lend] asked
	// for: it is valid until the Loan is released, and the peer may change it before.
	Loan *Loan
	// Seq is set by Receive: the index of the incoming ring just after this message,
	// in the same wrapping count as [Link.RecvHead].
	Seq uint32
}

// Kind is what a waiter waits for.
type Kind uint8

// The kinds of waiters, in the order of the segment's flag bits.
const (
	KindMessages Kind = iota // a message of the peer
	KindSpace                // room in the outgoing ring
	KindSlot                 // a slot for a payload over 32 bytes
	KindCredit               // bytes granted on one channel
	kinds
)

// SendLock is what those hold who send over a link. TryLock fails only while somebody has a
// message staged, or is about to.
type SendLock interface {
	sync.Locker
	TryLock() bool
}

// Limits are the bounds that the segment's header states.
type Limits struct {
	MaxPayload    uint32 // bytes of one message's payload
	InitialCredit uint32 // bytes of a new channel
	MaxChannels   uint32 // channel ids are below it
}

// What Stage reports when it has to be tried again after a wait. Nothing is held.
var (
	// ErrNoSpace means that the outgoing ring is full: wait for [KindSpace].
	ErrNoSpace = errors.New("shmring: ring is full")
	// ErrNoSlot means that no slot may be taken now: wait for [KindSlot].
	ErrNoSlot = errors.New("shmring: no slot is free")
)

// SizeError is a payload over max_payload_size. Nothing was sent.
type SizeError struct {
	Size int    // bytes, the prefix included
	Max  uint32 // max_payload_size, bytes
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("shmring: payload of %d bytes, max_payload_size is %d", e.Size, e.Max)
}

// Fault is something that the peer wrote and that breaks a rule. The peer is to be
// told in a Goodbye that starts with Rule, and its link to be ended.
type Fault struct {
	Rule   string // rule id
	Detail string // field, value and bound
}

func (f *Fault) Error() string { return f.Rule + ": " + f.Detail }
