package model

// stepAside is stepDown of a waiter that has its answer: where nobody waits, it leaves
// the arming of the pump to the caretaker (driver: stepAside, tend). One that comes back soon
// does so though others wait that leave receiving to it, which is AsideBlindly.
func (r RoleRule) stepAside() roleCode {
	return roleCode{
		{label: "aside", name: "gives the role up", do: func(s *RoleState, _ int) string {
			s.held = false
			return next
		}},
		{name: "looks whether anybody waits", do: func(s *RoleState, _ int) string {
			if s.parked > 0 && !r.AsideBlindly {
				return "hand over"
			}
			return next
		}},
		{name: "leaves the rest to the caretaker", do: func(s *RoleState, _ int) string {
			s.tended = s.tended || !r.AsideUntended
			return "await"
		}},
	}
}

// rouse makes the pump responsible when nobody is, on behalf of another that sleeps
// (driver: rouse).
func (r RoleRule) rouse(sleeps RolePump, after string) roleCode {
	p := roleCode{
		{name: "looks whether the pump is armed", do: func(s *RoleState, _ int) string {
			if s.armed {
				return after
			}
			return next
		}},
		{name: "takes the role to tell the peer what it was not told", do: tryRole(next, after)},
	}
	p = append(p, r.disarm(sleeps, next)...)
	p = append(p, roleCode{
		{name: "tells it, and gives the role up", do: func(s *RoleState, _ int) string {
			s.held, s.untold = false, false
			return next
		}},
		{name: "makes a waiter responsible that found the role held", do: r.promote(after)},
	}...)
	p = append(p, r.arm(sleeps, "roused")...)
	return append(p, instruction[RoleState]{label: "roused", name: "looks, and interrupts the pump if there is more to do", do: func(s *RoleState, _ int) string {
		if s.armed && r.unsettled(s) && !r.RousesDeaf {
			if sleeps == OnBell {
				s.rung = true
			} else {
				s.interrupt()
			}
		}
		return after
	}})
}

// caretaker looks at the connection when it was left unarmed (driver: caretaker, lapsed).
// That it looks twice before it arms is a matter of time and nothing here.
func (r RoleRule) caretaker(sleeps RolePump) roleCode {
	p := roleCode{
		{label: "idle", name: "finds a connection", do: func(s *RoleState, _ int) string {
			if !s.tended {
				return wait
			}
			return next
		}},
		{name: "forgets it", do: func(s *RoleState, _ int) string {
			s.tended = false
			return next
		}},
	}
	if r.runs {
		p = append(p, instruction[RoleState]{name: "relieves a pump that still runs its handler, if nobody receives", do: func(s *RoleState, _ int) string {
			if s.away && s.held {
				return "away"
			}
			s.away = s.away && r.AwayUnrelieved
			return next
		}})
	}
	p = append(p, instruction[RoleState]{name: "looks whether it has lapsed", do: func(s *RoleState, _ int) string {
		switch {
		case s.armed:
			return "idle"
		case s.held:
			return "kept" // who holds it may leave it unarmed
		}
		return next
	}})
	p = append(p, r.rouse(sleeps, "kept")...)
	return append(p, roleCode{
		{label: "kept", name: "keeps it if it is still not armed", do: func(s *RoleState, _ int) string {
			s.tended = s.tended || !s.armed
			return "idle"
		}},
		{label: "away", name: "keeps it as long as the pump runs a handler", do: func(s *RoleState, _ int) string {
			s.tended = true
			return "idle"
		}},
	}...)
}
