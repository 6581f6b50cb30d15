package flow

import "fmt"

// Window is the credit of one channel on one side, for one use of its id. The
// channel registry owns it; only the provider reads and writes the fields. Counters
// are bytes of Data payloads (shm.bytes.what-counts) and wrap at 2^32.
type Window struct {
	ID uint64
	// sent counts what this side sent, authorised how much it may send in all.
	sent, authorised uint32
	// received counts what came, granted how much the peer may send in all.
	received, granted uint32
	// consumed is what the application took and was not granted again yet.
	consumed uint32
}

// Provider is how one connection counts credit and allocates channel ids. The
// connection's lock guards it: no method blocks, none is called at once with another.
type Provider interface {
	// Take allocates one id for each element of ids, all or none; false means that
	// not enough are free now.
	Take(ids []uint64) bool
	// Put gives back ids that Take gave and that were never opened.
	Put(ids []uint64)
	// Limit is how many ids this side can have in use at once; 0 means unbounded.
	Limit() int

	// Open starts the use of a channel. The side that allocated the id (ours) opens
	// it before its Request is visible.
	Open(w *Window, ours bool)
	// Room says how many bytes may be sent now. It fails when the peer's counter is
	// corrupt (shm.flow.wrap-rule).
	Room(w *Window) (uint32, error)
	// Sent counts n bytes of a Data message that is being published.
	Sent(w *Window, n uint32)
	// Received counts n bytes of a Data message that came. It fails when they are
	// more than was granted (flow.channel.credit-overrun).
	Received(w *Window, n uint32) error
	// Consumed counts n bytes that the application took; empty says that nothing
	// more is queued. It returns the bytes for which a Credit message is to be sent.
	Consumed(w *Window, n uint32, empty bool) (credit uint32)
	// Credit takes a Credit message of the peer.
	Credit(w *Window, n uint32) error

	// Free ends the callee's use of a channel: its last touch.
	Free(w *Window)
	// Refused ends the caller's use of a channel that the callee never opened, once
	// it can send nothing more on it.
	Refused(w *Window)
	// Retire ends the caller's use of a channel: its own end is over.
	Retire(w *Window)
	// Processed says that the message received with this sequence number, and all
	// before it, have been processed.
	Processed(seq uint32)
}

// OverrunError is a peer that sent more than it was granted.
type OverrunError struct {
	Channel       uint64
	Size, Granted uint32 // bytes of the message, bytes it was allowed
}

func (e *OverrunError) Error() string {
	return fmt.Sprintf("channel %d: data of %d bytes with %d bytes of credit", e.Channel, e.Size, e.Granted)
}

// Ahead is how much the peer may send beyond what came, bytes.
func (w *Window) Ahead() uint32 { return w.granted - w.received }

// grantStep collects what was consumed until it is worth granting: half a window,
// or all at once when nothing is left to take, lest a large next item and a withheld
// grant wait for each other.
func (w *Window) grantStep(n uint32, empty bool, window uint32) uint32 {
	w.consumed += n
	if w.consumed == 0 || !empty && w.consumed < window/2 {
		return 0
	}
	step := w.consumed
	w.consumed = 0
	return step
}

// take counts received bytes against what was granted.
func (w *Window) take(n uint32) error {
	left := w.granted - w.received
	if n > left {
		return &OverrunError{Channel: w.ID, Size: n, Granted: left}
	}
	w.received += n
	return nil
}
