package shmlink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/shmring"
	"github.com/roam-rpc/roam-go/wire"
)

// Link is a transport.Transport over one side's end of a peer.
type Link struct {
	link   *shmring.Link
	batch  *shmring.Batch
	failed error           // found behind the messages that the last Poll gave
	prefix []byte          // scratch of Stage: metadata with its length, and what stands before a tail
	lent   []byte          // metadata of a message that was lent, copied
	staged shmring.Message // filled in again field by field: a message is large
	asked  wire.Message    // of Lend
}

var (
	_ transport.Lender  = (*Link)(nil)
	_ transport.Drafter = (*Link)(nil)
)

// New makes a transport of l.
func New(l *shmring.Link) *Link {
	return &Link{link: l, batch: shmring.NewBatch(transport.BatchSize)}
}

// header reads the limits for the handshake.
type header struct{ link *shmring.Link }

// Header gives the handshake the limits of l's segment.
func Header(l *shmring.Link) handshake.Header { return header{l} }

func (h header) HeaderLimits() (maxPayload, initialCredit, maxChannels uint32) {
	l := h.link.Limits()
	return l.MaxPayload, l.InitialCredit, l.MaxChannels
}

// Size is the payload of m as max_payload_size binds it over shared memory: with the
// metadata of a Request or Response in front (shm.metadata.in-payload).
func Size(m *wire.Message) int {
	if m.Kind != wire.KindRequest && m.Kind != wire.KindResponse {
		return m.PayloadSize()
	}
	n := max(1, len(m.Metadata))
	return wire.UvarintLen(uint64(n)) + n + m.PayloadSize()
}

// types maps message kinds to descriptor types; 0 has none.
var types = [...]shmring.MsgType{
	wire.KindRequest:  shmring.MsgRequest,
	wire.KindResponse: shmring.MsgResponse,
	wire.KindCancel:   shmring.MsgCancel,
	wire.KindData:     shmring.MsgData,
	wire.KindClose:    shmring.MsgClose,
	wire.KindReset:    shmring.MsgReset,
	wire.KindGoodbye:  shmring.MsgGoodbye,
	wire.KindCredit:   0,
}

// SendUnder sets the lock of those who send.
func (t *Link) SendUnder(lock transport.SendLock) { t.link.SendUnder(lock) }

// Stage takes room for m in the ring and a slot for a payload over 32 bytes.
func (t *Link) Stage(m *wire.Message) error {
	if int(m.Kind) >= len(types) || types[m.Kind] == 0 {
		return fmt.Errorf("%s has no form over shared memory", m.Kind)
	}
	t.staged.Type, t.staged.ID, t.staged.Method, t.staged.Payload = types[m.Kind], uint32(m.ID), m.Method, m.Payload
	t.prefix = t.prefix[:0]
	if m.Kind == wire.KindRequest || m.Kind == wire.KindResponse {
		t.prefix = wire.AppendMetadataPrefix(t.prefix, m.Metadata)
	}
	if len(m.Tail) > 0 {
		t.prefix = append(t.prefix, m.Payload...)
		t.staged.Payload = m.Tail
	}
	err := t.link.Stage(&t.staged, t.prefix)
	t.staged.Payload = nil
	if err != nil {
		return lacking(err)
	}
	return nil
}

// Draft takes a slot for a payload of n bytes.
func (t *Link) Draft(n int) transport.Draft {
	if d := t.link.Draft(n); d != nil {
		return d
	}
	return nil
}

// StageDraft takes room for m in the ring; its payload lies in the draft's slot.
func (t *Link) StageDraft(m *wire.Message, d transport.Draft) error {
	t.staged.Type, t.staged.ID, t.staged.Method = types[m.Kind], uint32(m.ID), 0
	return lacking(t.link.StageDraft(&t.staged, d.(*shmring.Draft)))
}

// lacking gives the transport's errors for missing room.
func lacking(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, shmring.ErrNoSpace):
		return transport.ErrNoSpace
	case errors.Is(err, shmring.ErrNoSlot):
		return transport.ErrNoSlot
	}
	return err
}

// Commit publishes the staged descriptor.
func (t *Link) Commit() { t.link.Commit() }

// Abort gives the room back.
func (t *Link) Abort() { t.link.Abort() }

// Notify rings the peer's doorbell if it sleeps on it, and tells of slots that came back.
func (t *Link) Notify() { t.link.Notify() }

// Woke says whether a message found the peer asleep.
func (t *Link) Woke() bool { return t.link.Woke() }

// Poll takes descriptors off the ring and makes messages of them.
func (t *Link) Poll(out []transport.Arrival, looks int) (int, error) {
	if t.failed != nil {
		return 0, t.failed
	}
	n, err := t.link.Poll(t.batch, looks)
	messages := t.batch.Messages
	for i := range messages {
		if fault := t.arrival(&out[i], &messages[i]); fault != nil {
			messages[i].Loan.Release()
			t.failed = fault
			return i, fault
		}
	}
	if err != nil {
		err = asFault(err)
	}
	return n, err
}

func asFault(err error) error {
	var f *shmring.Fault
	if errors.As(err, &f) {
		return &transport.Fault{Rule: f.Rule, Detail: f.Detail}
	}
	return err
}

// kinds is the inverse of types; the link has checked that a type is known.
var kinds = [...]wire.Kind{
	shmring.MsgRequest:  wire.KindRequest,
	shmring.MsgResponse: wire.KindResponse,
	shmring.MsgCancel:   wire.KindCancel,
	shmring.MsgData:     wire.KindData,
	shmring.MsgClose:    wire.KindClose,
	shmring.MsgReset:    wire.KindReset,
	shmring.MsgGoodbye:  wire.KindGoodbye,
}

func (t *Link) arrival(a *transport.Arrival, m *shmring.Message) error {
	// Field by field: a message is large, and nobody sets the rest of it.
	a.Kind, a.ID, a.Method = kinds[m.Type], uint64(m.ID), m.Method
	a.Size, a.Seq, a.Owned = len(m.Payload), m.Seq, m.Owned
	if m.Loan != nil {
		a.Loan = m.Loan
	} else if a.Loan != nil {
		a.Loan = nil
	}
	if a.Kind != wire.KindRequest && a.Kind != wire.KindResponse {
		a.Metadata, a.Payload = nil, m.Payload
		return nil
	}
	var err error
	a.Metadata, a.Payload, err = wire.SplitMetadataPrefix(m.Payload)
	if err != nil {
		return &transport.Fault{Rule: wire.RuleDecodeError, Detail: fmt.Sprintf("%s %d: metadata: %v", a.Kind, a.ID, err)}
	}
	if m.Loan != nil { // before it is checked: the peer may change what is lent
		t.lent = append(t.lent[:0], a.Metadata...)
		a.Metadata = t.lent
	}
	return nil
}

// Lend sets which large messages stay in their slots.
func (t *Link) Lend(wanted func(m *wire.Message) bool) {
	t.batch.Lend = func(m *shmring.Message) bool {
		t.asked = wire.Message{Kind: kinds[m.Type], ID: uint64(m.ID), Method: m.Method}
		return wanted(&t.asked)
	}
}

// Rest tells the peer of what was received.
func (t *Link) Rest() { t.link.Rest() }

// Pending says whether a message lies in the ring, or the link has ended.
func (t *Link) Pending() bool { return t.link.Pending() }

// Arm sets the flag that makes the peer wake this side.
func (t *Link) Arm(k transport.Kind, id uint32) { t.link.Arm(waitKinds[k], id) }

// Disarm takes it back.
func (t *Link) Disarm(k transport.Kind, id uint32) { t.link.Disarm(waitKinds[k], id) }

var waitKinds = [transport.Kinds]shmring.Kind{
	transport.Messages: shmring.KindMessages,
	transport.Space:    shmring.KindSpace,
	transport.Slot:     shmring.KindSlot,
	transport.Credit:   shmring.KindCredit,
}

// Wait sleeps on the doorbell, or without one on the futex words.
func (t *Link) Wait(busy bool) error { return t.link.Wait(busy) }

// Interrupt breaks a Wait.
func (t *Link) Interrupt() { t.link.Interrupt() }

// OnWake is called when a slot of a shared pool came back by another link.
func (t *Link) OnWake(fn func()) { t.link.OnWake(fn) }

// Nap sleeps on the ring's head and the bell.
func (t *Link) Nap(b *transport.Bell, d time.Duration, brief bool) bool {
	return t.link.Nap(b.Word(), b.Seen(), d, brief)
}

// WakeNap is the Bell's way to wake a Nap.
func (t *Link) WakeNap(word *uint32) { t.link.WakeNap(word) }

// Close leaves the segment in order.
func (t *Link) Close(ctx context.Context) error { return t.link.Leave(ctx, "") }
