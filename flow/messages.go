package flow

import (
	"fmt"
	"math"
)

// Messages is the provider of byte streams: credit is counted here and travels in
// Credit messages; ids count up and never repeat.
type Messages struct {
	window uint32
	next   uint64
}

// NewMessages makes the provider of a side that allocates ids of the given parity
// (1 odd, 0 even). window is the initial credit of each channel, bytes.
func NewMessages(parity uint64, window uint32) *Messages {
	return &Messages{window: window, next: 2 - parity}
}

// Take allocates the next ids.
func (m *Messages) Take(ids []uint64) bool {
	for i := range ids {
		ids[i] = m.next
		m.next += 2
	}
	return true
}

// Put does nothing: ids are not used again.
func (m *Messages) Put([]uint64) {}

// Limit is 0: ids are not bounded.
func (m *Messages) Limit() int { return 0 }

// Open starts both counters at the initial credit.
func (m *Messages) Open(w *Window, _ bool) {
	w.authorised, w.granted = m.window, m.window
}

// Room is what was authorised and not sent yet.
func (m *Messages) Room(w *Window) (uint32, error) { return w.authorised - w.sent, nil }

// Sent counts n bytes sent.
func (m *Messages) Sent(w *Window, n uint32) { w.sent += n }

// Received counts n bytes received.
func (m *Messages) Received(w *Window, n uint32) error { return w.take(n) }

// Consumed says when to send how much credit.
func (m *Messages) Consumed(w *Window, n uint32, empty bool) uint32 {
	step := w.grantStep(n, empty, m.window)
	w.granted += step
	return step
}

// Credit adds to what may be sent. The sum may not pass 2^31-1 bytes: no peer that
// counts right grants more than a window, and the counters would wrap.
func (m *Messages) Credit(w *Window, n uint32) error {
	room := w.authorised - w.sent
	if uint64(room)+uint64(n) > math.MaxInt32 {
		return fmt.Errorf("channel %d: credit of %d bytes on top of %d is over %d", w.ID, n, room, math.MaxInt32)
	}
	w.authorised += n
	return nil
}

// Free does nothing: no table is kept.
func (m *Messages) Free(*Window) {}

// Refused does nothing.
func (m *Messages) Refused(*Window) {}

// Retire does nothing: the id is not used again.
func (m *Messages) Retire(*Window) {}

// Processed does nothing.
func (m *Messages) Processed(uint32) {}
