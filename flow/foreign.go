package flow

// Foreign is the provider of shared memory with a peer that keeps no channel table
// (shm-rules, "Foreign peers keep no table"): ids never repeat, the initial credit is
// the whole budget of a channel that this side sends on, and what the peer sends is
// bounded by a limit on buffered bytes alone.
type Foreign struct {
	Messages
	buffered uint32
}

// NewForeign makes the provider. window is the budget of a channel this side sends
// on; buffered is the most that may lie unread of a channel it receives on, bytes.
func NewForeign(parity uint64, window, buffered uint32) *Foreign {
	return &Foreign{Messages: *NewMessages(parity, window), buffered: buffered}
}

// Open starts a use with the two different bounds.
func (f *Foreign) Open(w *Window, _ bool) {
	w.authorised, w.granted = f.window, f.buffered
}

// Consumed makes room for as much again; the peer is not told.
func (f *Foreign) Consumed(w *Window, n uint32, _ bool) uint32 {
	w.granted += n
	return 0
}

// Credit is never accepted over shared memory (shm.handshake).
func (f *Foreign) Credit(w *Window, _ uint32) error { return errNoCreditMessage(w) }
