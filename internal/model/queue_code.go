package model

// holder receives, and releases the role.
func (r QueueRule) holder() queueCode {
	p := serve("lead", queueFirst, func(*QueueState, int) string { return "and" })
	p = append(p, serve("and", queueSecond, func(*QueueState, int) string { return "release" })...)
	return append(p, r.release(end)...)
}

// waiter waits for its answers (driver: await, sleep).
func (r QueueRule) waiter(other uint8) queueCode {
	p := queueCode{
		{label: "await", name: "looks whether it has its answer", do: func(s *QueueState, who int) string {
			g := &s.all[who]
			if !g.served {
				return next
			}
			g.served = false
			g.waits--
			if g.waits == 0 {
				return end
			}
			return "await"
		}},
		{name: "tries to take the role", do: takeQueueRole(next)},
	}
	p = append(p, r.enter()...)
	p = append(p, instruction[QueueState]{
		label: "entered", name: "looks whether it has its answer by now",
		do: func(s *QueueState, who int) string {
			if s.all[who].served {
				return "leave"
			}
			return next
		},
	})
	if !r.ParksBlindly && !r.LooksEarly {
		p = append(p, looksAtRole)
	}
	p = append(p, instruction[QueueState]{label: "sleep", name: "sleeps", do: func(s *QueueState, who int) string {
		g := &s.all[who]
		if !g.token {
			return wait
		}
		g.token = false
		return next
	}})
	p = append(p, r.leave()...)
	p = append(p, instruction[QueueState]{name: "tries to take the role, as promoted", do: takeQueueRole("await")})
	p = append(p, serve("lead", other, func(s *QueueState, who int) string {
		s.all[who].served = true
		return "release"
	})...)
	return append(p, r.release("await")...)
}

func takeQueueRole(not string) queueStep {
	return func(s *QueueState, _ int) string {
		if s.held {
			return not
		}
		s.held = true
		return "lead"
	}
}

var looksAtRole = instruction[QueueState]{
	name: "looks whether the role is held", do: func(s *QueueState, _ int) string {
		if s.held {
			return next
		}
		return "leave"
	},
}

// enter begins to be parked (driver: enter, enqueue).
func (r QueueRule) enter() queueCode {
	parks := instruction[QueueState]{name: "says that it is parked", do: func(s *QueueState, who int) string {
		s.all[who].state = isParked
		return next
	}}
	looks := instruction[QueueState]{name: "looks whether it is in the queue", do: func(s *QueueState, who int) string {
		s.all[who].saw = s.all[who].queued
		return next
	}}
	p := queueCode{parks, looks}
	if r.LooksFirst {
		p = queueCode{looks, parks}
	}
	if r.LooksEarly {
		p = append(p, looksAtRole)
	}
	return append(p, queueCode{
		{name: "locks the queue, unless it is there", do: func(s *QueueState, who int) string {
			if s.all[who].saw {
				s.all[who].saw = false
				return "entered"
			}
			return lockQueue(s, who)
		}},
		{label: "join", name: "joins the queue, unless it is there still", do: func(s *QueueState, who int) string {
			for i, w := range s.queue {
				switch w {
				case uint8(who):
					return "joined"
				case 0:
					s.queue[i] = uint8(who)
					return next
				}
			}
			panic("model: the queue is full")
		}},
		{name: "says that it is in the queue", do: func(s *QueueState, who int) string {
			s.all[who].queued = true
			return next
		}},
		{label: "joined", name: "unlocks the queue", do: unlockQueue(next)},
	}...)
}

// leave ends it.
func (r QueueRule) leave() queueCode {
	looks := func(s *QueueState, who int) string {
		s.all[who].saw = s.all[who].state == isPromoted
		return next
	}
	says := func(s *QueueState, who int) string {
		g := &s.all[who]
		g.state = isAwake
		promoted := g.saw && (!g.served || !r.PromotedKeeps)
		g.saw = false
		if promoted {
			return next
		}
		return "await"
	}
	if r.LeavesLate {
		return queueCode{
			{label: "leave", name: "looks whether it was promoted", do: looks},
			{name: "says that it is awake", do: says},
		}
	}
	return queueCode{{label: "leave", name: "says that it is awake", do: func(s *QueueState, who int) string {
		looks(s, who)
		return says(s, who)
	}}}
}

// serve gives another its answer, and leads again, or not.
func serve(label string, whom uint8, not queueStep) queueCode {
	p := queueCode{{label: label, name: "gives another its answer", do: func(s *QueueState, _ int) string {
		g := &s.all[whom]
		if g.served || g.waits == 0 {
			return wait
		}
		g.served = true
		return next
	}, or: not}}
	return append(p, signal(func(*queuer) uint8 { return whom }, "lead")...)
}

// signal wakes one that is not awake.
func signal(whom func(*queuer) uint8, after string) queueCode {
	return queueCode{
		{name: "looks whether that one is awake", do: func(s *QueueState, who int) string {
			if s.all[whom(&s.all[who])].state == isAwake {
				return after
			}
			return next
		}},
		{name: "wakes it", do: func(s *QueueState, who int) string {
			s.all[whom(&s.all[who])].token = true
			return after
		}},
	}
}

func lockQueue(s *QueueState, _ int) string {
	if s.locked {
		return wait
	}
	s.locked = true
	return next
}

func unlockQueue(after string) queueStep {
	return func(s *QueueState, who int) string {
		s.locked = false
		s.all[who].of = 0
		return after
	}
}

// release gives the role up: by handing it over (driver: stepDown), or by stepping aside,
// which looks first whether anybody needs it (driver: stepAside, needs).
func (r QueueRule) release(after string) queueCode {
	looks := instruction[QueueState]{name: "looks at the queue's length", do: func(s *QueueState, who int) string {
		s.all[who].saw = s.queue[0] != 0
		return next
	}}
	releases := instruction[QueueState]{
		name: "releases the role, to hand it over",
		do:   func(s *QueueState, _ int) string { s.held = false; return "promote" },
		or:   func(s *QueueState, _ int) string { s.held = false; return "needs" },
	}
	p := queueCode{releases}
	if r.CountBlindly {
		p = queueCode{looks, releases}
	}
	p[0].label = "release"
	p = append(p, r.needs(after)...)
	return append(p, r.promote(after)...)
}

// unlessEmpty is a look at the queue's length without the lock, and then the lock.
func (r QueueRule) unlessEmpty(label, after string) queueCode {
	return queueCode{
		{label: label, name: "looks whether the queue is empty", do: func(s *QueueState, who int) string {
			some := s.queue[0] != 0
			if r.CountBlindly {
				some = s.all[who].saw
			}
			s.all[who].saw = false
			if some {
				return next
			}
			return after
		}},
		{name: "locks the queue", do: lockQueue},
	}
}

// oldest begins with the oldest in the queue.
func oldest(label, none string) instruction[QueueState] {
	return instruction[QueueState]{label: label, name: "turns to the oldest", do: func(s *QueueState, who int) string {
		if s.all[who].of = s.queue[0]; s.queue[0] == 0 {
			return none
		}
		return next
	}}
}

// needs puts out who is awake, until it finds one to promote.
func (r QueueRule) needs(after string) queueCode {
	p := r.unlessEmpty("needs", after)
	p = append(p, oldest("need", "unneeded"))
	p = append(p, r.dismiss("needed", "need")...)
	return append(p, queueCode{
		{label: "unneeded", name: "unlocks the queue", do: unlockQueue(after)},
		{label: "needed", name: "unlocks the queue", do: func(s *QueueState, who int) string {
			s.all[who].saw = r.CountBlindly
			return unlockQueue("promote")(s, who)
		}},
	}...)
}

// dismiss puts one out of the queue if it is awake.
func (r QueueRule) dismiss(kept, gone string) queueCode {
	looks := func(s *QueueState, who int) bool { return s.all[s.all[who].of].state == isParked }
	var p queueCode
	if !r.DismissUnlooked {
		p = append(p, instruction[QueueState]{
			name: "looks whether that one is parked", do: func(s *QueueState, who int) string {
				if looks(s, who) {
					return kept
				}
				return next
			},
		})
	}
	p = append(p, unqueue)
	if !r.DismissBlindly {
		p = append(p, queueCode{
			{name: "looks again whether it is parked", do: func(s *QueueState, who int) string {
				if looks(s, who) {
					return next
				}
				return "put out"
			}},
			{label: "keep", name: "says that it is in the queue still", do: func(s *QueueState, who int) string {
				s.all[s.all[who].of].queued = true
				return kept
			}},
		}...)
	}
	return append(p, instruction[QueueState]{
		label: "put out", name: "takes it out", do: func(s *QueueState, who int) string {
			s.takeOut(s.all[who].of)
			return gone
		},
	})
}

var unqueue = instruction[QueueState]{
	name: "says that it is not in the queue", do: func(s *QueueState, who int) string {
		s.all[s.all[who].of].queued = false
		return next
	},
}

func (s *QueueState) takeOut(whom uint8) {
	if s.queue[0] == whom {
		s.queue[0] = s.queue[1]
		s.queue[1] = 0
	} else if s.queue[1] == whom {
		s.queue[1] = 0
	}
}

// promote makes the oldest responsible for the role that is parked.
func (r QueueRule) promote(after string) queueCode {
	takesOut := instruction[QueueState]{name: "takes it out", do: func(s *QueueState, who int) string {
		s.takeOut(s.all[who].of)
		return next
	}}
	promotes := instruction[QueueState]{name: "promotes it if it is parked", do: func(s *QueueState, who int) string {
		g := &s.all[s.all[who].of]
		if g.state == isParked || r.PromoteBlindly {
			g.state = isPromoted
			s.all[who].saw = true
		}
		return next
	}}
	one := queueCode{unqueue, takesOut, promotes}
	if r.PromoteQueued {
		one = queueCode{promotes, unqueue, takesOut}
	}
	last := one[2].do
	one[2].do = func(s *QueueState, who int) string {
		last(s, who)
		did := s.all[who].saw
		s.all[who].saw = false
		switch {
		case did:
			return next
		case r.PromoteOne:
			return "promoted"
		}
		return "oldest"
	}
	p := append(r.unlessEmpty("promote", after), oldest("oldest", "promoted"))
	p = append(p, one...)
	p = append(p, signal(func(g *queuer) uint8 { return g.of }, "promoted")...)
	return append(p, instruction[QueueState]{label: "promoted", name: "unlocks the queue", do: unlockQueue(after)})
}

// sweeper puts out all that are awake, again and again (driver: enqueue).
func (r QueueRule) sweeper() queueCode {
	p := queueCode{{label: "sweep", name: "locks the queue", do: func(s *QueueState, who int) string {
		if s.locked || s.queue[0] == 0 {
			return wait
		}
		g := &s.all[who]
		g.of, g.then = s.queue[0], s.queue[1]
		return lockQueue(s, who)
	}}}
	p = append(p, r.dismiss("then", "then")...)
	p[1].label = "dismiss"
	return append(p, instruction[QueueState]{
		label: "then", name: "turns to the next, or unlocks the queue",
		do: func(s *QueueState, who int) string {
			g := &s.all[who]
			g.of, g.then = g.then, 0
			if g.of != 0 {
				return "dismiss"
			}
			return unlockQueue("sweep")(s, who)
		},
	})
}
