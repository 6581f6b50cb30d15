package model

// waiter waits for its answer, leading when it can (driver: await, lead, nap, sleep).
func (r RoleRule) waiter(sleeps RolePump, busy bool) roleCode {
	p := roleCode{{label: "await", name: "looks whether it is served, and tries to take the role", do: func(s *RoleState, who int) string {
		g := &s.all[who]
		g.asked = false
		switch {
		case g.finished():
			return end
		case !g.leads:
			return "park"
		case s.held:
			return "want"
		}
		s.held = true
		return next
	}}}
	p = append(p, r.disarm(sleeps, "lead")...)
	p = append(p, r.want(sleeps)...)
	p = append(p, instruction[RoleState]{
		label: "lead", name: "leads",
		do: func(s *RoleState, who int) string {
			if g := &s.all[who]; g.finished() {
				g.leads = g.asked
				if g.ready && !busy {
					return "aside"
				}
				return "down"
			}
			return r.receive("lead", "nap")(s, who)
		},
		// Nothing came for long, and it does not nap: Run is to wake it.
		or: func(s *RoleState, who int) string {
			g := &s.all[who]
			if g.finished() || s.lying > 0 {
				return wait
			}
			g.leads = g.asked
			return "down"
		},
	})
	p = append(p, r.nap()...)
	p = append(p, r.stepAside()...)
	p = append(p, r.stepDown(sleeps, "await")...)
	return append(p, r.park(sleeps)...)
}

// want tries for a while to get the role from a pump that would give it up (driver:
// takeRole).
func (r RoleRule) want(sleeps RolePump) roleCode {
	unwant := func(s *RoleState, who int) {
		s.all[who].wants = false
		s.wanted--
	}
	p := roleCode{
		{label: "want", name: "wants the role", do: func(s *RoleState, who int) string {
			s.all[who].wants = true
			s.wanted++
			return next
		}, or: func(*RoleState, int) string { return "park" }}, // where another than the pump has it
		{name: "tries to take the role that it wants", do: tryRole(next, wait), or: func(s *RoleState, who int) string {
			unwant(s, who)
			if r.WantsUntold {
				return "park"
			}
			return "untold"
		}},
	}
	p = append(p, r.disarm(sleeps, next)...)
	return append(p, roleCode{
		{name: "has the role that it wanted", do: func(s *RoleState, who int) string {
			unwant(s, who)
			return "lead"
		}},
		{label: "untold", name: "calls a pump that stands by", do: func(s *RoleState, _ int) string {
			s.call()
			return "park"
		}},
	}...)
}

// call has the pump go on if it stands by, and says whether it did (driver: standby).
func (s *RoleState) call() bool {
	called := s.stands
	s.stands = false
	s.all[pump].token = s.all[pump].token || called
	return called
}

// receive takes one message off the ring and wakes the one it is for.
func (r RoleRule) receive(after, nothing string) roleStep {
	return func(s *RoleState, _ int) string {
		if s.lying == 0 {
			return nothing
		}
		whom := s.ring[0]
		copy(s.ring[:], s.ring[1:])
		s.ring[maxMessages-1] = 0
		s.lying--
		s.untold = true
		if whom != request {
			s.all[whom].ready = true
			s.all[whom].token = s.all[whom].token || s.all[whom].marked && !r.SignalsNobody
		}
		return after
	}
}

// nap is a leader's own sleep, on the ring head and a word that its context changes.
func (r RoleRule) nap() roleCode {
	p := roleCode{{label: "nap", name: "tells the peer, and calls a pump that stands by, to hear of the end", do: func(s *RoleState, _ int) string {
		s.untold = false
		s.call()
		return next
	}}, {name: "asks its context to wake it, and sets the futex bit", do: func(s *RoleState, who int) string {
		s.napping = true
		s.poked = s.all[who].canceled && !r.NapsDeaf
		if !r.NapsWithoutBit {
			s.futexBits++
		}
		return next
	}}}
	if !r.NapsUnlooked {
		p = append(p, instruction[RoleState]{name: "looks again", do: func(s *RoleState, _ int) string {
			if s.lying > 0 {
				return "napped"
			}
			return next
		}})
	}
	return append(p, roleCode{
		{name: "goes to sleep", do: func(s *RoleState, who int) string {
			// The kernel compares: the head with what the look saw, the own word with
			// what was noted before.
			if !s.poked && (s.lying == 0 || r.NapsUnlooked) {
				s.all[who].asleep, s.all[who].watches = true, true
			}
			return next
		}},
		{label: "napped", name: "wakes up and clears the futex bit", do: func(s *RoleState, who int) string {
			if s.all[who].asleep {
				return wait
			}
			s.napping, s.poked = false, false
			if !r.NapsWithoutBit {
				s.futexBits--
			}
			return "lead"
		}},
	}...)
}

// park is the sleep of a waiter that does not lead.
func (r RoleRule) park(sleeps RolePump) roleCode {
	leave := func(s *RoleState, who int) string {
		g := &s.all[who]
		s.dequeue(uint8(who))
		s.parked--
		g.marked = false
		g.asked, g.promoted, g.leads = g.promoted, false, true
		if !g.asked || g.canceled && r.CanceledKeeps || g.ready && r.ServedKeeps {
			return "await"
		}
		return "asked"
	}
	p := roleCode{
		{label: "park", name: "parks", do: func(s *RoleState, who int) string {
			s.parked++
			s.all[who].marked = !r.MarksLate
			if s.all[who].leads {
				s.enqueue(uint8(who))
				return "sleepy"
			}
			if r.SleepsUnarmed {
				return "sleepy"
			}
			return next
		}},
	}
	if r.runs {
		p = append(p, r.rouse(sleeps, "call")...)
		p = append(p, instruction[RoleState]{label: "call", name: "relieves a pump that runs a handler", do: func(s *RoleState, _ int) string {
			s.away = s.away && r.AwayUncalled
			return next
		}})
	} else {
		p = append(p, r.rouse(sleeps, "sleepy")...)
	}
	p = append(p, roleCode{
		{label: "sleepy", name: "looks whether to sleep", do: func(s *RoleState, who int) string {
			g := &s.all[who]
			if g.ready || g.leads && !s.held && !r.ParksBlindly {
				return "leave"
			}
			return next
		}},
		{name: "says that it is parked", do: func(s *RoleState, who int) string {
			s.all[who].marked = true // it was, but for MarksLate
			return next
		}},
		{name: "is woken and leaves the queue", do: func(s *RoleState, who int) string {
			g := &s.all[who]
			if !g.token && !g.canceled {
				return wait
			}
			g.token = false
			return leave(s, who)
		}},
		{label: "leave", name: "leaves the queue", do: leave},
		// It was made responsible. Whoever holds the role by now hands it on.
		{label: "asked", name: "tries to take the role", do: tryRole(next, "await")},
	}...)
	return append(p, r.disarm(sleeps, "lead")...)
}

// tryRole takes the role if it is free.
func tryRole(taken, not string) roleStep {
	return func(s *RoleState, _ int) string {
		if s.held {
			return not
		}
		s.held = true
		return taken
	}
}

func (s *RoleState) enqueue(who uint8) {
	for i := range s.queue {
		if s.queue[i] == 0 {
			s.queue[i] = who
			return
		}
	}
}

func (s *RoleState) dequeue(who uint8) {
	for i := range s.queue {
		if s.queue[i] == who {
			copy(s.queue[i:], s.queue[i+1:])
			s.queue[len(s.queue)-1] = 0
			return
		}
	}
}

// passer is a sender without room that receives what is there.
func (r RoleRule) passer(sleeps RolePump) roleCode {
	p := roleCode{{name: "tries to take the role", do: tryRole(next, end)}}
	p = append(p, r.disarm(sleeps, next)...)
	p = append(p, instruction[RoleState]{name: "receives", do: r.receive("down", "down")})
	if r.PasserKeeps {
		return append(p, instruction[RoleState]{label: "down", name: "tells the peer, and gives the role up", do: func(s *RoleState, _ int) string {
			s.held, s.untold = false, false
			return end
		}})
	}
	return append(p, r.stepDown(sleeps, end)...)
}
