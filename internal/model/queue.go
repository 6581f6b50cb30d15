package model

// Queue is the model of the queue of those that take the right to receive (driver: parking).
// Who waits stays in it when its wait is over, since it often waits again soon: then it only
// says that it is parked, and takes no lock. So others meet in it those that are awake, and
// put them out. Who waits says that it is parked, looks whether it is in the queue, enters
// it if it is not, and looks last whether the role is held at all: it sleeps only then. Who
// releases the role looks at the queue after that, and promotes the oldest that is parked.
// Who was promoted takes the role, and hands it on if there is nothing that it waits for.
//
// A holder and one or two waiters deliver answers and release the role, by handing it over
// or by stepping aside, and somebody sweeps the queue again and again. Who enters the queue
// may sweep it as well: to the others that is a sweep, and then an entry. Run is not here:
// it would serve those that nobody promotes, and later than they are to be served. What the
// lock alone guards changes in one step, everything else in steps of its own; all of it is
// sequentially consistent.
type Queue struct {
	machine[QueueState]
	cast QueueCast
}

// QueueRule holds the clauses that can be broken. The zero value is the rule.
type QueueRule struct {
	LooksFirst      bool // a waiter looks whether it is in the queue before it says that it is parked
	ParksBlindly    bool // it sleeps without a look whether the role is held
	LooksEarly      bool // that look comes before it is in the queue
	LeavesLate      bool // it looks whether it was promoted, and says then that it is awake
	PromotedKeeps   bool // promoted, it does not hand on when it has its answer
	DismissBlindly  bool // who is put out is not looked at again
	DismissUnlooked bool // nor before
	PromoteQueued   bool // a promoted one is put out after the promotion, not before
	PromoteBlindly  bool // who is awake is promoted
	PromoteOne      bool // who finds the oldest awake does not go on to the next
	CountBlindly    bool // who releases the role looks at the queue before, not after
}

// queueWaiters is how many waiters there are at most.
const queueWaiters = 2

const (
	queueHolder = iota
	queueFirst
	queueSecond
	queueSweeper
	queueThreads
)

// What a waiter says of itself.
const (
	isAwake    = iota
	isParked   // and takes the role if it is promoted
	isPromoted // and woken
)

// QueueState is one state of Queue.
type QueueState struct {
	held   bool                // the role
	locked bool                // the queue
	queue  [queueWaiters]uint8 // oldest first; its length is read without the lock
	all    [queueThreads]queuer
}

type queuer struct {
	at     uint8
	waits  uint8 // left
	state  uint8
	queued bool // is in the queue, by what is said under the lock
	served bool // has its answer
	token  bool // woken

	// Registers.
	saw      bool  // what it looked for
	of, then uint8 // whom it looks at in the queue, and whom after that
}

type queueCode = program[QueueState]
type queueStep = func(*QueueState, int) string

// QueueCast is who runs beside the holder.
type QueueCast struct {
	First, Second uint8 // how often each waits
	Sweeper       bool
}

// NewQueue makes the model.
func NewQueue(r QueueRule, cast QueueCast) *Queue {
	m := &Queue{cast: cast}
	m.threads = []thread[QueueState]{
		queueHolder:  {name: "holder", program: r.holder()},
		queueFirst:   {name: "first", program: r.waiter(queueSecond)},
		queueSecond:  {name: "second"},
		queueSweeper: {name: "sweeper", daemon: true},
	}
	if cast.Second > 0 {
		m.threads[queueSecond].program = r.waiter(queueFirst)
	}
	if cast.Sweeper {
		m.threads[queueSweeper].program = r.sweeper()
	}
	m.place = func(s *QueueState, who int) *uint8 { return &s.all[who].at }
	return m
}

// Start is a connection on which somebody receives, and others are about to wait.
func (m *Queue) Start() QueueState {
	s := QueueState{held: true}
	s.all[queueFirst].waits, s.all[queueSecond].waits = m.cast.First, m.cast.Second
	return s
}

// Steps are those of all goroutines. It is forgotten what nobody looks at any more.
func (m *Queue) Steps(s QueueState, emit func(Step, QueueState)) {
	m.steps(s, func(t Step, n QueueState) {
		for who := range n.all {
			if g := &n.all[who]; int(g.at) == len(m.threads[who].program) {
				g.token = false
			}
		}
		emit(t, n)
	})
}

// Fault is a waiter that sleeps while the role is free, and nobody will wake it.
func (m *Queue) Fault(s QueueState) string {
	if s.held || s.locked {
		return ""
	}
	for who := queueHolder; who < queueSweeper; who++ {
		if !m.blocked(s, who) {
			return ""
		}
	}
	if m.ended(s) {
		return ""
	}
	return "a waiter sleeps, the role is free, nobody is going to wake it"
}

// Done says that all have waited, and the role is free.
func (m *Queue) Done(s QueueState) bool { return m.ended(s) && !s.held }

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
