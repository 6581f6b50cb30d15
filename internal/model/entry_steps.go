package model

// Steps are those of the caller, of the callee, and what both sides do alike.
func (m *Entry) Steps(s EntryState, emitTidy func(Step, EntryState)) {
	emit := func(t Step, n EntryState) {
		m.tidy(&n)
		emitTidy(t, n)
	}
	m.allocate(&s, emit)
	for use := 0; use < int(s.uses); use++ {
		m.call(&s, use, emit)
		m.serve(&s, use, emit)
		for side := Caller; side <= Callee; side++ {
			if m.sends(side, use) {
				m.send(&s, side, use, emit)
			} else {
				m.grant(&s, side, use, emit)
			}
			m.end(&s, side, use, emit)
		}
		m.release(&s, use, emit)
	}
	for side := Caller; side <= Callee; side++ {
		m.publish(&s, side, emit)
		m.receive(&s, side, emit)
	}
}

// allocate is the life of the id between its uses.
func (m *Entry) allocate(s *EntryState, emit func(Step, EntryState)) {
	r := &m.Rule
	switch s.id {
	case idUsable:
		if int(s.uses) < len(m.Sends) {
			n, use := *s, int(s.uses)
			n.uses++
			n.id = idTaken
			n.stages[Caller][use] = opened
			if !m.Fused && !r.LateActivation {
				m.activate(&n, use)
			}
			emit(Step{"caller", "takes the id", use + 1}, n)
		}
	case idRetired:
		if r.HeadBeforeFree && !s.peeked {
			n := *s
			n.peeked, n.left = true, s.lines[Caller].length
			emit(Step{"caller", "reads the ring head", 0}, n)
		} else if !s.active || r.NoFree {
			n := *s
			n.id = idSeenFree
			emit(Step{"caller", "sees Free", 0}, n)
		}
	case idSeenFree:
		n := *s
		m.readHead(&n)
		emit(Step{"caller", "reads the ring head", 0}, n)
	case idDraining:
		if s.left == 0 {
			n := *s
			n.id = idUsable
			emit(Step{"caller", "may use the id again", 0}, n)
		}
	}
}

// readHead notes how much of the ring is to be drained.
func (m *Entry) readHead(n *EntryState) {
	n.id = idDraining
	l := &n.lines[Caller]
	switch {
	case m.Rule.NoDrain:
		n.left = 0
	case m.Rule.DrainTaken:
		n.left = l.length - l.taken
	case m.Rule.HeadBeforeFree: // noted before
		n.peeked = false
	default:
		n.left = l.length
	}
}

// activate: granted_total = initial credit, then state Active.
func (m *Entry) activate(n *EntryState, use int) {
	if n.active {
		n.fault = faultActivate
	}
	n.active, n.activated, n.granted = true, int8(use)+1, 1
	n.halves[Caller][use].phase = open
}

// call is the Request of a use at the caller: published, or given up before that.
func (m *Entry) call(s *EntryState, use int, emit func(Step, EntryState)) {
	if s.stages[Caller][use] != opened {
		return
	}
	first := !m.Fused || s.out[Caller] == outbox{} || m.Rule.CallBeforeLastWord
	if first && m.room(s, Callee) {
		n := *s
		if m.Fused {
			m.activate(&n, use)
		}
		n.lines[Callee].push(say(wRequest, use))
		n.stages[Caller][use] = running
		n.open[Caller] = int8(use) + 1
		emit(Step{"caller", "publishes Request", use + 1}, n)
	}
	n := *s
	n.stages[Caller][use] = withdrawn
	if m.Fused || m.Rule.LateActivation {
		n.id = idUsable // nobody has seen it
	} else {
		n.halves[Caller][use].phase, n.halves[Caller][use].never = over, true
	}
	emit(Step{"caller", "gives up the Request", use + 1}, n)
}

// serve is the handler of a use at the callee.
func (m *Entry) serve(s *EntryState, use int, emit func(Step, EntryState)) {
	h := &s.halves[Callee][use]
	switch s.stages[Callee][use] {
	case opened:
		n := *s
		m.accept(&n, use)
		emit(Step{"callee", "opens the channel and starts the handler", use + 1}, n)
	case running:
		if m.sends(Callee, use) || h.phase != open {
			n := *s
			n.stages[Callee][use] = returned
			m.decideEnd(&n, Callee, use, wClose)
			n.halves[Callee][use].unread = 0
			emit(Step{"callee", "handler returns", use + 1}, n)
			return
		}
		n := *s
		n.stages[Callee][use] = returned
		emit(Step{"callee", "handler returns and keeps the channel", use + 1}, n)
		m.decideEnd(&n, Callee, use, wReset)
		n.halves[Callee][use].unread = 0
		emit(Step{"callee", "handler returns", use + 1}, n)
	case returned:
		m.respond(s, use, emit)
	}
}

// respond is the Response of a handler that returned: every Data and the Close of a
// call leave before it. It goes by the outbox, or from the handler's own thread.
func (m *Entry) respond(s *EntryState, use int, emit func(Step, EntryState)) {
	h := &s.halves[Callee][use]
	before := h.phase != ending && h.sender == outside || !m.sends(Callee, use)
	if before || m.Rule.ResponseEarly {
		n := *s
		n.stages[Callee][use] = answered
		n.out[Callee].push(say(wResponse, use))
		emit(Step{"callee", "decides on Response", use + 1}, n)
	}
	if before && s.out[Callee].find(use) < 0 && !m.Fused && m.room(s, Caller) {
		n := *s
		n.stages[Callee][use] = answered
		n.lines[Caller].push(say(wResponse, use))
		emit(Step{"callee", "handler publishes Response", use + 1}, n)
	}
}

// send is the thread that sends Data: it reads granted_total until that allows an item,
// and publishes it.
func (m *Entry) send(s *EntryState, side Side, use int, emit func(Step, EntryState)) {
	h, at := &s.halves[side][use], s.stages[side][use]
	may := h.phase == open || m.Rule.SendAfterEnd && h.phase >= sent && at >= running
	n := *s
	t := &n.halves[side][use]
	switch {
	case m.Fused:
		if may && at != opened && s.out[side] == (outbox{}) && m.room(s, side.other()) && m.readCredit(&n, side, use) {
			m.publishData(&n, side, use)
			emit(Step{side.String(), "sends Data", use + 1}, n)
		}
		return
	case h.sender == outside:
		if may {
			t.sender = waiting
			emit(Step{side.String() + " sender", "starts", use + 1}, n)
		}
		return
	case h.sender == waiting:
		if m.readCredit(&n, side, use) {
			t.sender = decided
			emit(Step{side.String() + " sender", "reads enough credit and decides on Data", use + 1}, n)
		}
	case at != opened && at != withdrawn && m.room(s, side.other()):
		m.publishData(&n, side, use)
		emit(Step{side.String() + " sender", "publishes Data", use + 1}, n)
	}
	if h.phase != open {
		n := *s
		n.halves[side][use].sender = outside
		emit(Step{side.String() + " sender", "sees the end and leaves", use + 1}, n)
	}
}

// readCredit reads granted_total and says whether to go on: one more item may be sent,
// or the read was a fault.
func (m *Entry) readCredit(n *EntryState, side Side, use int) bool {
	counted := n.halves[side][use].counted
	switch {
	case int(n.activated) != use+1:
		n.fault = faultCredit
	case n.granted < counted:
		n.fault = faultNegative
	}
	return n.granted > counted || n.fault != noFault
}

func (m *Entry) publishData(n *EntryState, side Side, use int) {
	n.lines[side.other()].push(say(wData, use))
	n.halves[side][use].sender = outside
	n.halves[side][use].counted++
}

// grant is the thread that consumes items and grants for them.
func (m *Entry) grant(s *EntryState, side Side, use int, emit func(Step, EntryState)) {
	h := &s.halves[side][use]
	ended := h.heard || h.phase != open
	if h.granter == outside && h.unread > 0 && h.counted < m.Grants && (!ended || m.Rule.GrantAfterEnd) {
		n := *s
		t := &n.halves[side][use]
		t.unread--
		t.counted++
		if m.Fused {
			m.addGrant(&n, side, use)
			emit(Step{side.String(), "consumes an item and grants", use + 1}, n)
			return
		}
		t.granter = decided
		emit(Step{side.String() + " granter", "consumes an item and decides to grant", use + 1}, n)
	}
	if h.granter == decided {
		n := *s
		m.addGrant(&n, side, use)
		emit(Step{side.String() + " granter", "grants", use + 1}, n)
		if ended {
			n := *s
			n.halves[side][use].granter = outside
			emit(Step{side.String() + " granter", "sees the end and leaves", use + 1}, n)
		}
	}
}

// addGrant adds to granted_total.
func (m *Entry) addGrant(n *EntryState, side Side, use int) {
	if int(n.activated) != use+1 {
		n.fault = faultGrant
	}
	n.granted++
	n.halves[side][use].granter = outside
}

// end is the application's end of its half, and the last word of a half whose sender
// thread has come out.
func (m *Entry) end(s *EntryState, side Side, use int, emit func(Step, EntryState)) {
	h := &s.halves[side][use]
	if h.phase == ending && h.sender == outside {
		n := *s
		m.queueEnd(&n, side, use)
		emit(Step{side.String(), "queues its last word", use + 1}, n)
	}
	if h.phase != open || s.stages[side][use] < running {
		return
	}
	n := *s
	m.decideEnd(&n, side, use, wReset)
	n.halves[side][use].unread = 0
	emit(Step{side.String(), "decides on Reset", use + 1}, n)
	if m.sends(side, use) {
		n := *s
		m.decideEnd(&n, side, use, wClose)
		emit(Step{side.String(), "decides on Close", use + 1}, n)
	}
}

// decideEnd ends an open half with w, once the sender thread has come out.
func (m *Entry) decideEnd(n *EntryState, side Side, use int, w word) {
	h := &n.halves[side][use]
	if h.phase != open {
		return
	}
	h.phase, h.word = ending, w
	if h.sender == outside || m.Rule.CloseEarly {
		m.queueEnd(n, side, use)
	}
}

func (m *Entry) queueEnd(n *EntryState, side Side, use int) {
	h := &n.halves[side][use]
	h.phase = queued
	n.out[side].push(say(h.word, use))
}

// publish puts what was decided first into the ring.
func (m *Entry) publish(s *EntryState, side Side, emit func(Step, EntryState)) {
	msg := s.out[side][0]
	if msg == 0 || !m.room(s, side.other()) {
		return
	}
	n := *s
	n.out[side].remove(0)
	n.lines[side.other()].push(msg)
	if h := &n.halves[side][msg.use()]; msg.endsChannel() && h.phase == queued {
		h.phase = sent
		if m.sends(side, msg.use()) {
			m.shut(&n, side, msg.use())
		}
	}
	emit(Step{side.String(), "publishes " + wordText[msg.word()], msg.use() + 1}, n)
}

var wordText = [...]string{wRequest: "Request", wData: "Data", wClose: "Close", wReset: "Reset",
	wResponse: "Response", wRefusal: "Response UnknownMethod"}

// room says whether the ring towards a side has room.
func (m *Entry) room(s *EntryState, to Side) bool {
	return s.lines[to].length-s.lines[to].taken < m.Room
}

// shut takes a use out of a side's core: no message for it is expected.
func (m *Entry) shut(n *EntryState, side Side, use int) {
	if int(n.open[side]) == use+1 {
		n.open[side] = 0
	}
}

// release is the last touch of a side: Free, and the id for the next use.
func (m *Entry) release(s *EntryState, use int, emit func(Step, EntryState)) {
	if m.callerMayFree(s, use) {
		n := *s
		m.free(&n, Caller, use)
		emit(Step{"caller", "writes Free", use + 1}, n)
	}
	if m.calleeMayFree(s, use) {
		n := *s
		m.free(&n, Callee, use)
		emit(Step{"callee", "writes Free", use + 1}, n)
	}
	if !s.halves[Caller][use].retired && m.ownEndOver(s, use) {
		n := *s
		n.halves[Caller][use].retired = true
		n.id, n.peeked = idRetired, false
		emit(Step{"caller", "own end is over", use + 1}, n)
	}
}

func (m *Entry) free(n *EntryState, side Side, use int) {
	switch {
	case int(n.activated) != use+1:
		n.fault = faultFree
	case !n.active:
		n.fault = faultTwice
	}
	n.active = false
	n.halves[side][use].freed = true
}
