package model

// receive takes messages off the ring and processes them, in two steps.
func (m *Entry) receive(s *EntryState, side Side, emit func(Step, EntryState)) {
	l := &s.lines[side]
	if l.taken < handful && l.taken < l.length {
		n := *s
		n.lines[side].taken++
		if side == Caller && m.Rule.DrainTaken {
			n.drained()
		}
		emit(Step{side.String(), "takes a message off the ring", 0}, n)
	}
	if l.taken == 0 {
		return
	}
	n := *s
	msg := n.lines[side].pop()
	if side == Caller && !m.Rule.DrainTaken {
		n.drained()
	}
	what := "processes " + wordText[msg.word()]
	if msg.word() == wRequest {
		refused := n
		m.refuse(&refused, msg.use())
		emit(Step{side.String(), what + " and refuses it", msg.use() + 1}, refused)
		if m.Rule.AcceptLate {
			n.stages[Callee][msg.use()] = opened
		} else {
			m.accept(&n, msg.use())
		}
	} else {
		m.process(&n, side, msg)
	}
	emit(Step{side.String(), what, msg.use() + 1}, n)
}

// drained counts a message that lay before the head which the allocator noted.
func (n *EntryState) drained() {
	if n.left > 0 {
		n.left--
	}
}

// accept opens the channel of a Request and starts its handler.
func (m *Entry) accept(n *EntryState, use int) {
	if n.open[Callee] != 0 {
		n.fault = faultUnique
	}
	n.open[Callee] = int8(use) + 1
	n.halves[Callee][use].phase = open
	n.stages[Callee][use] = running
}

// refuse answers a Request without opening its channel.
func (m *Entry) refuse(n *EntryState, use int) {
	n.lenient = true
	n.stages[Callee][use] = answered
	n.out[Callee].push(say(wRefusal, use))
}

// process is a message other than a Request, at the core of a side. Request ids tell
// calls apart, so an answer finds its own call; the rest goes to what is open under
// the channel id.
func (m *Entry) process(n *EntryState, side Side, msg message) {
	use := msg.use()
	switch msg.word() {
	case wResponse:
		m.response(n, use)
		return
	case wRefusal:
		m.refusal(n, use)
		return
	}
	if n.open[side] == 0 {
		m.stray(n, side, msg)
		return
	}
	if int(n.open[side]) != use+1 {
		n.fault = faultDelivery
		return
	}
	h := &n.halves[side][use]
	switch {
	case msg.word() == wData:
		if h.phase == open { // else this side has Reset, and ignores what comes
			h.unread++
		}
	case !m.sends(side, use):
		m.hear(n, side, use)
	case side == Callee:
		m.hear(n, side, use)
	default:
		m.answerReset(n, use)
	}
}

// stray is a message for a channel id under which nothing is open.
func (m *Entry) stray(n *EntryState, side Side, msg message) {
	lenient := side == Callee && n.lenient && !m.Rule.NotLenient
	if msg.word() == wData && !lenient {
		n.fault = faultData
	}
	if msg.word() == wReset && side == Caller && m.Rule.AnswersTwice {
		n.out[Caller].push(say(wClose, msg.use()))
	}
}

// response is the answer to a call whose handler returned: the end of a channel on
// which the caller receives.
func (m *Entry) response(n *EntryState, use int) {
	n.stages[Caller][use] = answered
	if !m.sends(Callee, use) {
		return
	}
	if m.Rule.ResponseByID && n.open[Caller] != 0 && int(n.open[Caller]) != use+1 {
		n.fault = faultDelivery
		return
	}
	m.hear(n, Caller, use)
}

// refusal is the answer to a call whose channel the callee never opened.
func (m *Entry) refusal(n *EntryState, use int) {
	n.stages[Caller][use] = answered
	h := &n.halves[Caller][use]
	h.never = true
	if h.phase < sent {
		if !m.Rule.RefusedKeepsQueued {
			n.out[Caller].discard(use)
		}
		h.phase = over
	}
	m.shut(n, Caller, use)
}

// answerReset is the caller receiving Reset on a channel it sends on: it answers with
// Close. A last word that is decided already serves; the driver puts a Close in its
// place, at the end of the outbox.
func (m *Entry) answerReset(n *EntryState, use int) {
	h := &n.halves[Caller][use]
	h.heard = true
	switch {
	case h.phase == open && m.Rule.NoAnswer:
		h.phase = over
		m.shut(n, Caller, use)
	case h.phase == open:
		m.decideEnd(n, Caller, use, wClose)
	case h.phase >= sent:
	case m.Rule.DiscardsAnswer:
		n.out[Caller].discard(use)
		h.phase = over
		m.shut(n, Caller, use)
	case m.Fused:
		n.out[Caller].discard(use)
		h.word = wClose
		m.queueEnd(n, Caller, use)
	}
}

// hear is the peer's last word, or what stands for it, at a side that owes no answer:
// what it holds for the use is discarded.
func (m *Entry) hear(n *EntryState, side Side, use int) {
	h := &n.halves[side][use]
	h.heard = true
	if h.phase < sent {
		if !m.Rule.KeepQueued {
			n.out[side].discard(use)
		}
		h.phase = over
	}
	m.shut(n, side, use)
}

// tidy forgets what no step looks at any more, so that states which differ in it alone
// are one.
func (m *Entry) tidy(n *EntryState) {
	for side := range n.halves {
		for use := range n.halves[side] {
			h := &n.halves[side][use]
			if h.phase < sent || h.sender != outside || h.granter != outside {
				continue
			}
			h.word = 0
			if !m.Rule.GrantAfterEnd && !m.Rule.SendAfterEnd {
				h.unread, h.counted = 0, 0
			}
			if h.retired || h.freed && Side(side) == Callee {
				h.phase, h.heard = over, false
			}
		}
	}
}
