package shmring

import "github.com/roam-rpc/roam-go/internal/engine"

const (
	// inlineRoom is what a batch's arena has for each message, bytes: the most that
	// an inline payload takes.
	inlineRoom = 32
	// arenaEnough is the size beyond which an arena grows only for a payload that
	// does not fit, bytes: a batch is then many slots long.
	arenaEnough = 256 << 10
)

// Batch is what one Receive takes off a ring, with the memory that the payloads are
// copied into. It belongs to one goroutine at a time.
type Batch struct {
	// Messages are those of the last Receive. They and their payloads are valid until
	// the next.
	Messages []Message

	messages []Message // capacity of Messages, kept whole
	records  []engine.Record
	arena    []byte
	short    bool // the arena ended the last batch before the ring was empty
}

// NewBatch makes a batch of at most capacity messages, at least 1. Its memory grows
// as payloads need it, to the larger of 256 KiB and one slot.
func NewBatch(capacity int) *Batch {
	capacity = max(capacity, 1)
	return &Batch{
		messages: make([]Message, capacity),
		records:  make([]engine.Record, capacity),
		arena:    make([]byte, capacity*inlineRoom),
	}
}

// reset makes the last batch's memory free for the next, and more of it if it was too
// little.
func (b *Batch) reset() {
	b.Messages = nil
	if b.short {
		b.short = false
		b.grow(0)
	}
}

// grow makes the arena twice as long, while that is within reason, and at least need
// bytes.
func (b *Batch) grow(need uint32) {
	size := len(b.arena)
	if size < arenaEnough {
		size = min(2*size, arenaEnough)
	}
	if size = max(size, int(need)); size > len(b.arena) {
		b.arena = make([]byte, size)
	}
}

// fill makes messages of the first n records.
func (b *Batch) fill(n int) {
	b.Messages = b.messages[:n]
	for i := range b.Messages {
		r := &b.records[i]
		end := r.At + r.Length
		b.Messages[i] = Message{Type: MsgType(r.Type), ID: r.ID, Method: r.Method, Seq: r.Seq,
			Payload: b.arena[r.At:end:end]}
	}
}

// bad is the record that Receive stopped at after n messages.
func (b *Batch) bad(n int) *engine.Record {
	if n < len(b.records) {
		return &b.records[n]
	}
	return &engine.Record{}
}
