package shmring

import (
	"github.com/roam-rpc/roam-go/internal/bufpool"
	"github.com/roam-rpc/roam-go/internal/engine"
)

const (
	// inlineRoom is what a batch's arena has for each message, bytes: the most that
	// an inline payload takes.
	inlineRoom = 32
	// arenaSize is the least size of an arena, bytes. A payload that is larger gets
	// memory of its own.
	arenaSize = 4096
)

// Batch is what one Receive takes off a ring, with the memory that the payloads are
// copied into. It belongs to one goroutine at a time.
type Batch struct {
	// Messages are those of the last Receive. They and their payloads are valid until
	// the next, but for a payload that is Owned or has a Loan.
	Messages []Message
	// Lend, if not nil, is asked about a message whose payload is too large for memory
	// that several share, over some 4 KiB: with true it stays in its slot until its Loan is
	// released, if the peer then has slots enough to go on. The message has no payload yet,
	// and is not kept.
	Lend func(*Message) bool

	messages []Message // capacity of Messages, kept whole
	records  []engine.Record
	arena    []byte
	large    []byte  // for one payload that does not fit the arena
	asked    Message // what Lend is asked about
}

// NewBatch makes a batch of at most capacity messages, at least 1.
func NewBatch(capacity int) *Batch {
	capacity = max(capacity, 1)
	return &Batch{
		messages: make([]Message, capacity),
		records:  make([]engine.Record, capacity),
		arena:    make([]byte, max(capacity*inlineRoom, arenaSize)),
	}
}

// room gives memory for one payload of n bytes.
func (b *Batch) room(n int) []byte {
	bufpool.Put(b.large)
	b.large = bufpool.Get(n)
	return b.large
}

// fill makes messages of the first n records.
func (b *Batch) fill(n int, arena []byte) {
	messages, records := b.messages[:n], b.records[:n]
	b.Messages = messages
	for i := range records {
		r, m := &records[i], &messages[i]
		end := r.At + r.Length
		m.Type, m.ID, m.Method, m.Seq = MsgType(r.Type), r.ID, r.Method, r.Seq
		m.Payload, m.Owned, m.Loan = arena[r.At:end:end], false, nil
	}
}

// handOut makes the payload of the only message, which is in memory of its own, the
// receiver's to keep.
func (b *Batch) handOut() {
	m := &b.Messages[0]
	m.Payload, m.Owned = b.large[:len(m.Payload)], true // with its capacity, by which it can be given back
	b.large = nil
}

// wants says whether the message of the first record is to be lent.
func (b *Batch) wants() bool {
	if b.Lend == nil {
		return false
	}
	r := &b.records[0]
	b.asked = Message{Type: MsgType(r.Type), ID: r.ID, Method: r.Method, Seq: r.Seq}
	return b.Lend(&b.asked)
}

// lent makes the first record the only message, with its payload where it lies.
func (b *Batch) lent(payload []byte, loan *Loan) {
	b.fill(1, payload)
	b.Messages[0].Loan = loan
}

// bad is the record that Receive stopped at after n messages.
func (b *Batch) bad(n int) *engine.Record {
	if n < len(b.records) {
		return &b.records[n]
	}
	return &engine.Record{}
}
