package model

// stepDown gives the role up and makes somebody responsible for the next message
// (driver: stepDown, handOver).
func (r RoleRule) stepDown(sleeps RolePump, after string) roleCode {
	freed := next
	if r.NoHandOver {
		freed = after
	}
	p := roleCode{{label: "down", name: "tells the peer, and gives the role up", do: func(s *RoleState, _ int) string {
		s.held, s.untold = false, false
		return freed
	}}}
	if r.NoHandOver {
		return p
	}
	p = append(p, instruction[RoleState]{label: "hand over", name: "makes the oldest parked waiter responsible, if there is one", do: r.promote(after)})
	looks := instruction[RoleState]{name: "looks, and takes the role back if there is more to do", do: func(s *RoleState, _ int) string {
		if !r.unsettled(s) || s.held {
			return after
		}
		s.held = true
		return next
	}}
	switch {
	case r.PromoteOnly:
		p[1].do = r.promote(after, after)
		return p
	case r.NoLook:
		return append(p, r.arm(sleeps, after)...)
	case r.LookFirst:
		p = append(p, instruction[RoleState]{name: "looks", do: func(s *RoleState, _ int) string {
			if s.lying == 0 {
				return next
			}
			return "take"
		}})
		p = append(p, r.arm(sleeps, after)...)
		looks.label = "take"
	default:
		p = append(p, r.arm(sleeps, "look")...)
		looks.label = "look"
	}
	p = append(p, looks)
	p = append(p, r.disarm(sleeps, next)...)
	return append(p, instruction[RoleState]{name: "receives, tells the peer, and gives the role up", do: func(s *RoleState, who int) string {
		after := r.receive("hand over", "hand over")(s, who)
		s.held, s.untold = false, false
		return after
	}})
}

// unsettled says that a connection which has just been armed is not to be left so (driver:
// unsettled).
func (r RoleRule) unsettled(s *RoleState) bool { return s.lying > 0 || s.untold && !r.ArmsUnrested }

// promote makes the oldest waiter that takes the role responsible and wakes it, or else
// the pump that stands by.
func (r RoleRule) promote(after string, nobody ...string) roleStep {
	return func(s *RoleState, _ int) string {
		who := s.queue[0]
		if who == 0 || r.ArmOnly {
			if !r.StandsUncalled && s.call() {
				return after
			}
			return append(nobody, next)[0]
		}
		s.dequeue(who)
		s.all[who].promoted = true
		s.all[who].token = true
		return after
	}
}

// arm sets the bit by which the peer wakes the pump, once, with a note of that, unless
// somebody holds the role. Who takes the role meanwhile may have seen no note: then it is
// undone here (driver: arm).
func (r RoleRule) arm(sleeps RolePump, after string) roleCode {
	return roleCode{
		{name: "locks, and looks whether to arm the pump", do: func(s *RoleState, _ int) string {
			switch {
			case s.locked:
				return wait
			case s.held || s.armed:
				return after
			}
			s.locked = true
			return next
		}},
		{name: "sets the pump's bit", do: func(s *RoleState, _ int) string {
			s.setPumpBit(sleeps, true)
			if sleeps == OnWords {
				s.watched, s.watchedAt = true, s.came
				if s.inWait && !r.WatchUntold {
					s.interrupt()
				}
			}
			return next
		}},
		{name: "notes that the pump is armed", do: func(s *RoleState, _ int) string {
			s.armed = true
			return next
		}},
		{name: "looks whether the role was taken", do: func(s *RoleState, _ int) string {
			if s.held && s.armed {
				s.unarm(sleeps)
			}
			return next
		}},
		{name: "calls a pump that stands by, and unlocks", do: func(s *RoleState, _ int) string {
			if s.armed && !r.ArmsUncalled {
				s.call()
			}
			s.locked = false
			return after
		}},
	}
}

func (s *RoleState) unarm(sleeps RolePump) {
	s.armed = false
	s.setPumpBit(sleeps, false)
	s.watched, s.watchedAt = false, 0
}

// disarm is what who took the role does first: it looks, and only if the pump is armed
// it locks.
func (r RoleRule) disarm(sleeps RolePump, after string) roleCode {
	if r.ArmsUnlocked {
		return roleCode{
			{name: "notes that the pump is not armed", do: func(s *RoleState, _ int) string {
				s.armed = false
				return next
			}},
			{name: "clears the pump's bit", do: func(s *RoleState, _ int) string {
				s.setPumpBit(sleeps, false)
				s.watched, s.watchedAt = false, 0
				return after
			}},
		}
	}
	return roleCode{
		{name: "looks whether the pump is armed", do: func(s *RoleState, _ int) string {
			if !s.armed {
				return after
			}
			return next
		}},
		{name: "locks, and disarms the pump", do: func(s *RoleState, _ int) string {
			if s.locked {
				return wait
			}
			if s.armed {
				s.unarm(sleeps)
				s.armed = r.KeepsArmedNote
			}
			return after
		}},
	}
}

func (s *RoleState) setPumpBit(sleeps RolePump, on bool) {
	switch {
	case sleeps == OnBell:
		s.bellBit = on
	case on:
		s.futexBits++
	case s.futexBits > 0:
		s.futexBits--
	}
}

// interrupt ends the pump's sleep on words, the one under way or the next.
func (s *RoleState) interrupt() {
	s.interrupts = true
	s.all[pump].asleep, s.all[pump].watches = false, false
}

// pump is the goroutine of Run (driver: pump, leadIdly; shmring: Wait).
func (r RoleRule) pump(sleeps RolePump) roleCode {
	p := roleCode{{label: "again", name: "tries to take the role", do: tryRole(next, "sleep")}}
	p = append(p, r.disarm(sleeps, next)...)
	p = append(p, instruction[RoleState]{
		label: "receive", name: "receives",
		do: func(s *RoleState, who int) string {
			if r.runs && s.lying > 0 && s.ring[0] == request && s.parked == 0 {
				return r.receive("handler", "down")(s, who)
			}
			return r.receive("receive", "down")(s, who)
		},
		or: func(s *RoleState, _ int) string { // somebody wants the role
			if s.lying == 0 && s.wanted == 0 {
				return wait
			}
			return "give way"
		},
	})
	if r.runs {
		p = append(p, r.runOwn()...)
	}
	p = append(p, r.standBy()...)
	p = append(p, r.stepDown(sleeps, "sleep")...)
	if sleeps == OnWords {
		return append(p, r.sleepOnWords()...)
	}
	return append(p, r.sleepOnBell()...)
}

// runOwn has the pump run a handler, which may return soon or never. Then another goroutine
// goes on as the pump (driver: runOwn, relieve).
func (r RoleRule) runOwn() roleCode {
	return roleCode{
		{label: "handler", name: "goes away to a handler", do: func(s *RoleState, _ int) string {
			s.away = true
			return next
		}, or: func(*RoleState, int) string { return "receive" }}, // another goroutine runs it
		{name: "gives the role up for it", do: func(s *RoleState, _ int) string {
			s.held = false
			return next
		}},
		{name: "looks whether anybody waits", do: func(s *RoleState, _ int) string {
			s.away = s.away && (s.parked == 0 || r.AwayBlindly)
			return next
		}},
		{name: "leaves the rest to the caretaker", do: func(s *RoleState, _ int) string {
			s.tended = s.tended || !r.AwayUntended
			return next
		}, or: func(s *RoleState, _ int) string {
			s.tended = s.tended || !r.AwayUntended
			return "handled"
		}},
		{name: "is stuck in the handler", do: func(s *RoleState, _ int) string {
			if s.away {
				return wait
			}
			return "again"
		}},
		{label: "handled", name: "is back, if it was not relieved", do: func(s *RoleState, _ int) string {
			s.away = false
			return "again"
		}},
	}
}

// standBy has the pump wait without the transport while another has the role that it had
// (driver: standBy). It does so where Requests come, and nothing but messages is waited for.
func (r RoleRule) standBy() roleCode {
	return roleCode{
		{label: "give way", name: "looks whether somebody wants the role", do: func(s *RoleState, _ int) string {
			if s.wanted == 0 {
				return "down"
			}
			return next
		}, or: func(*RoleState, int) string { return "down" }},
		{name: "stands by", do: func(s *RoleState, _ int) string {
			s.stands = true
			return next
		}},
		{name: "gives the role away", do: func(s *RoleState, _ int) string {
			s.held = false
			return next
		}},
		{name: "looks whether somebody wants the role still", do: func(s *RoleState, _ int) string {
			if s.wanted == 0 && !s.held && !r.StandsBlindly {
				s.call()
			}
			return next
		}},
		{name: "is called", do: func(s *RoleState, who int) string {
			if !s.all[who].token {
				return wait
			}
			s.all[who].token = false
			return "again"
		}},
	}
}

// sleepOnBell drains what was rung before the pump looks again.
func (r RoleRule) sleepOnBell() roleCode {
	rung := func(after string) roleStep {
		return func(s *RoleState, _ int) string {
			if !s.rung {
				return wait
			}
			return after
		}
	}
	drain := func(after string) roleStep {
		return func(s *RoleState, _ int) string {
			s.rung = false
			return after
		}
	}
	if r.DrainLate {
		return roleCode{
			{label: "sleep", name: "drains the doorbell", do: drain(next)},
			{name: "is rung", do: rung("again")},
		}
	}
	return roleCode{
		{label: "sleep", name: "is rung", do: rung(next)},
		{name: "drains the doorbell", do: drain("again")},
	}
}

// sleepOnWords is the pump's sleep without a doorbell. What the ring head is compared
// with was read before the last look.
func (r RoleRule) sleepOnWords() roleCode {
	return roleCode{
		{label: "sleep", name: "collects the words to sleep on", do: func(s *RoleState, who int) string {
			g := &s.all[who]
			s.inWait = true
			g.watches, g.seen = s.watched, s.watchedAt
			return next
		}},
		{name: "looks for an interrupt", do: func(s *RoleState, _ int) string {
			if s.interrupts {
				s.interrupts = false
				return "slept"
			}
			return next
		}},
		{name: "goes to sleep on the words", do: func(s *RoleState, who int) string {
			g := &s.all[who]
			g.asleep = !s.interrupts && (!g.watches || g.seen == s.came || r.WatchesOld)
			return next
		}},
		{label: "slept", name: "wakes up and notes the words", do: func(s *RoleState, who int) string {
			g := &s.all[who]
			if g.asleep {
				return wait
			}
			s.inWait, s.interrupts = false, false
			g.watches, g.seen = false, 0
			if s.watched {
				s.watchedAt = s.came
			}
			return "again"
		}},
	}
}
