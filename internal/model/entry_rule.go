package model

// EntryRule holds the clauses that can be broken, one at a time or together. The zero
// value is the rule of shm-rules.
type EntryRule struct {
	// Reuse: the allocator whose own end is over, and that sees Free, then reads the
	// ring head and uses the id again when every message up to it was processed.

	NoDrain            bool // uses the id again as soon as it sees Free
	DrainTaken         bool // counts a message when it is taken off the ring
	HeadBeforeFree     bool // reads the head, and sees Free later
	NoFree             bool // does not look for Free
	OwnEndOpen         bool // does not wait until its own end is over
	OwnEndDecided      bool // takes its own end for over when its last word is decided
	OwnEndGrants       bool // does not wait for a thread that is granting
	OwnEndUnderOutbox  bool // does not wait until the outbox holds nothing for the use
	LateActivation     bool // activates the entry after the Request is visible
	CallBeforeLastWord bool // fused only: a Request overtakes what the outbox holds

	// End of an entry: the callee alone writes Free, as its last touch.

	CallerFrees       bool // the caller frees, when its own end is over
	CallerFreesToo    bool // the caller frees as well
	FreeDecided       bool // handler's Tx: frees when its last word is decided
	FreeOnReset       bool // handler's Rx: frees when its own Reset is in the ring
	FreeOnResetQueued bool // handler's Rx: frees when its own Reset is decided
	FreeOnReturn      bool // frees when the handler returns
	FreeUnderSender   bool // does not wait for a thread that sends or reads credit
	FreeUnderGranter  bool // does not wait for a thread that grants
	FreeUnderOutbox   bool // does not wait until the outbox holds nothing for the use
	KeepQueued        bool // leaves a queued last word in the outbox at the peer's (both sides)
	NoFreeOnReset     bool // handler's Tx: does not free on receiving Reset

	// A caller that receives Reset on a channel it sends on answers with Close.

	NoAnswer       bool // does not answer
	DiscardsAnswer bool // discards a last word that is queued already
	AnswersTwice   bool // answers although its last word is out

	// Whoever has sent or received Close or Reset grants and sends no more.

	GrantAfterEnd bool // grants what is consumed after the end
	SendAfterEnd  bool // a thread starts to send on an end that is over
	CloseEarly    bool // Close is decided under a thread that sends
	ResponseEarly bool // the Response leaves before Data and Close

	// The answer to a call is the end of its channels.

	ResponseByID bool // ends whatever is open under the channel id

	// Never opened: the caller frees, once it can send nothing more.

	RefusedNotFreed        bool // the caller does not free after a refusal
	RefusedFreedByCallee   bool // the callee frees what it refused
	RefusedUnderSender     bool // the caller frees under a thread that sends
	RefusedKeepsQueued     bool // the caller leaves a queued last word in the outbox and frees
	UnpublishedNotFreed    bool // the caller does not free for a Request that it did not publish
	UnpublishedUnderSender bool // the caller frees under a thread that reads credit
	AnyAnswerRefuses       bool // the caller frees after a handler's Response too
	NotLenient             bool // the callee takes messages after a refusal for a fault

	// Channels of a Request are open before the next message is read.

	AcceptLate bool // the handler opens them when it comes to run
}

// quiet says that a side holds nothing any more for a use: no thread can publish,
// grant or read, and the outbox holds none of its words.
func (m *Entry) quiet(s *EntryState, side Side, use int) bool {
	r, h := &m.Rule, &s.halves[side][use]
	sender, granter, held := h.sender == outside, h.granter == outside, s.out[side].find(use) < 0
	if side == Callee {
		decided := r.FreeDecided || r.FreeOnResetQueued
		return (sender || r.FreeUnderSender) && (granter || r.FreeUnderGranter) && (held || r.FreeUnderOutbox || decided)
	}
	refused, unpublished := s.stages[Caller][use] == answered, s.stages[Caller][use] == withdrawn
	return (sender || refused && r.RefusedUnderSender || unpublished && r.UnpublishedUnderSender) &&
		(granter || r.OwnEndGrants) &&
		(held || r.OwnEndUnderOutbox || refused && r.RefusedKeepsQueued)
}

// ownEndOver says that the allocator's part of a use has ended.
func (m *Entry) ownEndOver(s *EntryState, use int) bool {
	h := &s.halves[Caller][use]
	switch {
	case m.Rule.OwnEndOpen:
		return h.phase != unopened
	case m.Rule.OwnEndDecided && h.phase == queued:
		return h.granter == outside
	}
	return (h.phase == sent || h.phase == over) && m.quiet(s, Caller, use)
}

// callerMayFree: for a channel that the callee never opened.
func (m *Entry) callerMayFree(s *EntryState, use int) bool {
	r, h, at := &m.Rule, &s.halves[Caller][use], s.stages[Caller][use]
	switch {
	case h.freed || h.phase == unopened:
		return false
	case r.CallerFrees || r.CallerFreesToo, r.AnyAnswerRefuses && at == answered:
		return m.ownEndOver(s, use)
	case r.RefusedNotFreed && at == answered, r.UnpublishedNotFreed && at == withdrawn:
		return false
	}
	return h.never && m.quiet(s, Caller, use)
}

// calleeMayFree: the moment has come, and this is the callee's last touch.
func (m *Entry) calleeMayFree(s *EntryState, use int) bool {
	r, h, at := &m.Rule, &s.halves[Callee][use], s.stages[Callee][use]
	if h.phase == unopened {
		return r.RefusedFreedByCallee && at == answered && !h.freed
	}
	if h.freed || r.CallerFrees || !m.quiet(s, Callee, use) {
		return false
	}
	switch {
	case r.FreeOnReturn && at >= returned:
		return true
	case m.sends(Callee, use):
		return h.phase == sent || h.heard && !r.NoFreeOnReset || r.FreeDecided && h.phase == queued
	case r.FreeOnReset && h.phase == sent, r.FreeOnResetQueued && h.phase == queued:
		return true
	}
	return h.heard // the caller's Close or Reset
}
