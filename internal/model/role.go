package model

// Role is the model of the right to receive on one connection (design/core, Receiving).
// Goroutines that wait for an answer lead: whoever holds the role takes messages off
// the ring and delivers them, to itself or to those that are parked. Who leaves hands
// the role to a parked waiter, or else arms the wait of the pump (the goroutine that has
// the duty) and looks once more; who has its answer, and sees nobody that waits, leaves the
// arming to the caretaker. A leader that finds nothing sleeps itself (naps) or
// leaves. Everything here is one process's memory but the ring, the flag bits and what
// the peer does, and all of it is sequentially consistent: [Wake] is about the rest.
//
// Up to two waiters, the pump and a sender that receives in passing run against a peer
// that sends two messages: answers to the waiters, or requests. The context of waiter 1
// ends at some time, which stands for whatever ends its wait from this side.
type Role struct {
	machine[RoleState]
	sleeps RolePump
}

// RoleRule holds the clauses that can be broken. The zero value is the rule.
type RoleRule struct {
	NoHandOver     bool // a leader leaves and tells nobody
	PromoteOnly    bool // it tells a parked waiter, and without one does not arm the pump
	ArmOnly        bool // it never promotes, the pump is enough
	NoLook         bool // it arms the pump and does not look again
	LookFirst      bool // it looks, and then arms the pump
	CanceledKeeps  bool // a waiter whose context ended does not pass the role on
	ServedKeeps    bool // a waiter that has its answer does not pass the role on
	PasserKeeps    bool // who receives in passing does not hand over
	ParksBlindly   bool // a waiter parks without a look whether the role is held
	SignalsNobody  bool // an answer for another is delivered without waking it
	MarksLate      bool // a waiter says that it is parked after its last look for its message
	DrainLate      bool // the pump drains the doorbell before it sleeps, not after
	ArmsUnlocked   bool // who takes the role notes it as disarmed, and clears the bit later
	AsideUntended  bool // who has its answer leaves the arming to nobody
	AsideBlindly   bool // it does so though others wait
	ArmsUnrested   bool // who arms does not look whether such a one has received meanwhile
	ArmsUncalled   bool // nor whether the pump stands by by now
	SleepsUnarmed  bool // a waiter that does not lead sleeps though nobody is responsible
	RousesDeaf     bool // who arms for another does not tell the pump of what lies there
	KeepsArmedNote bool // who takes the role clears the bit and leaves the note that it is set
	NapsWithoutBit bool // a napping leader relies on the pump's bit
	NapsUnlooked   bool // it naps without another look, on the word as it is by then
	NapsDeaf       bool // a nap has no limit, so that the end of its context does not end it
	WatchUntold    bool // arming does not interrupt a sleep on words that began without the word
	WatchesOld     bool // a sleep on words compares with what the word is as it begins
	StandsUncalled bool // who gives the role up does not call the pump that stands by
	WantsUntold    bool // who wants the role no longer does not call it
	StandsBlindly  bool // the pump stands by without a look whether somebody wants the role still
	AwayUnrelieved bool // the caretaker does not relieve a pump that runs a handler
	AwayUntended   bool // a pump that runs a handler leaves the arming to nobody
	AwayBlindly    bool // it does so though others wait
	AwayUncalled   bool // who sleeps without leading does not relieve it

	runs bool // of the cast
}

// Who is who.
const (
	peer = iota
	waiter1
	waiter2
	pump
	passer
	caretaker
	context1
	goroutines
)

// maxMessages bounds what the peer sends.
const maxMessages = 2

// request is a message that no waiter waits for; an answer is the waiter's number.
const request = uint8(pump)

// RoleState is one state of Role.
type RoleState struct {
	ring  [maxMessages]uint8
	lying uint8
	came  uint8 // the ring's head

	held   bool
	locked bool // the role's lock
	armed  bool // noted under that lock, together with the pump's bit
	tended bool // the caretaker knows the connection
	untold bool // the peer was not told of all that was received
	parked uint8

	bellBit   bool // the flags that the peer reads
	futexBits uint8
	rung      bool // a byte lies in the doorbell

	queue [2]uint8 // parked waiters that would lead, oldest first

	wanted uint8 // who would have the role from the pump
	stands bool  // the pump stands by; its token calls it
	away   bool  // the pump runs a handler; who clears it has another be the pump

	napping    bool // somebody naps or is about to: the context wakes it
	poked      bool // the napping leader's own word changed
	watched    bool // the pump's sleep on words is to watch the ring head
	watchedAt  uint8
	inWait     bool // such a sleep is under way
	interrupts bool // it is to end

	all [goroutines]goroutine
}

// goroutine is one of those that run on the connection.
type goroutine struct {
	at       uint8
	seen     uint8 // the ring head that the pump's sleep on words compares with
	leads    bool  // takes the role when it is free
	token    bool  // woken
	promoted bool  // made responsible
	asked    bool  // was made responsible, and acts on it
	wants    bool  // counts in wanted
	marked   bool  // says that it is parked, and is signaled when its message comes
	rings    bool  // peer: somebody sleeps on the doorbell
	ready    bool  // has its answer
	canceled bool
	asleep   bool // on futex words
	watches  bool // the ring head is among them
}

func (g *goroutine) finished() bool { return g.ready || g.canceled }

type roleCode = program[RoleState]
type roleStep = func(*RoleState, int) string

// RolePump says how the pump sleeps.
type RolePump uint8

// The pump's ways to sleep: on the doorbell, or without one on the words.
const (
	OnBell RolePump = iota
	OnWords
)

func (p RolePump) String() string { return [...]string{"on the doorbell", "on words"}[p] }

// RoleCast is who runs, beside the peer, waiter 1 and the pump.
type RoleCast struct {
	Waiter2, Passer, Cancel bool
	// Busy: the peer sends Requests, so that nobody leaves the arming to the caretaker.
	Busy bool
	// Runs: the pump runs handlers itself.
	Runs bool
}

// NewRole makes the model. messages lists whom each message is for: 1 and 2 the
// waiters, 3 nobody that waits.
func NewRole(r RoleRule, sleeps RolePump, cast RoleCast, messages ...uint8) *Role {
	r.runs = cast.Runs
	m := &Role{sleeps: sleeps}
	m.threads = []thread[RoleState]{
		peer:      {name: "peer", program: peerProgram(messages)},
		waiter1:   {name: "waiter 1", program: r.waiter(sleeps, cast.Busy)},
		waiter2:   {name: "waiter 2"},
		pump:      {name: "pump", program: r.pump(sleeps), daemon: true},
		passer:    {name: "passer"},
		caretaker: {name: "caretaker", daemon: true},
		context1:  {name: "context of waiter 1", daemon: true},
	}
	if cast.Waiter2 {
		m.threads[waiter2].program = r.waiter(sleeps, cast.Busy)
	}
	if !cast.Busy {
		m.threads[caretaker].program = r.caretaker(sleeps)
	}
	if cast.Passer {
		m.threads[passer].program = r.passer(sleeps)
	}
	if cast.Cancel {
		m.threads[context1].program = contextProgram(r)
	}
	m.place = func(s *RoleState, who int) *uint8 { return &s.all[who].at }
	return m
}

// Start is a connection on which both waiters are about to wait.
func (m *Role) Start() RoleState {
	var s RoleState
	s.all[waiter1].leads, s.all[waiter2].leads = true, true
	m.tidy(&s)
	return s
}

// Steps are those of all goroutines and the peer.
func (m *Role) Steps(s RoleState, emit func(Step, RoleState)) {
	m.steps(s, func(t Step, n RoleState) {
		m.tidy(&n)
		emit(t, n)
	})
}

// tidy forgets what nobody looks at any more.
func (m *Role) tidy(n *RoleState) {
	for who := range n.all {
		if g := &n.all[who]; int(g.at) == len(m.threads[who].program) {
			*g = goroutine{at: g.at, canceled: g.canceled}
		}
	}
	if m.sleeps == OnBell {
		n.came = 0
	}
}

// Done says that all that came was received, and who waited has gone.
func (m *Role) Done(s RoleState) bool { return m.ended(s) && s.lying == 0 }

// Fault is a message that nobody will look for, one that was received and the peer not told
// of, or a pump that the next message would not wake: all sleep, and no wake is pending.
func (m *Role) Fault(s RoleState) string {
	lasting := ""
	switch {
	case s.all[peer].at%peerSteps != 0:
	case s.lying > 0:
		lasting = "a message lies in the ring"
	case s.untold:
		lasting = "the peer is not told of what was received"
	case s.stands && !s.held:
		lasting = "the pump stands by for nobody"
	}
	if lasting == "" {
		return ""
	}
	for who := waiter1; who <= caretaker; who++ {
		if !m.blocked(s, who) {
			return ""
		}
	}
	return lasting + ", everyone sleeps, no wake is pending"
}

// peerSteps is how many steps the peer takes for one message.
const peerSteps = 3

func peerProgram(messages []uint8) roleCode {
	var p roleCode
	for _, whom := range messages {
		p = append(p,
			instruction[RoleState]{name: "publishes a message", do: func(s *RoleState, _ int) string {
				s.ring[s.lying] = whom
				s.lying++
				s.came++
				return next
			}},
			instruction[RoleState]{name: "reads the flags and wakes the futex", do: func(s *RoleState, who int) string {
				s.all[who].rings = s.bellBit
				if s.futexBits > 0 {
					s.futexWake()
				}
				return next
			}},
			instruction[RoleState]{name: "rings", do: func(s *RoleState, who int) string {
				s.rung = s.rung || s.all[who].rings
				s.all[who].rings = false
				return next
			}})
	}
	return p
}

// futexWake wakes who sleeps on the ring head.
func (s *RoleState) futexWake() {
	for i := range s.all {
		if g := &s.all[i]; g.asleep && g.watches {
			g.asleep, g.watches = false, false
		}
	}
}

// contextProgram ends the context of waiter 1. Of a nap's limit this is all that anybody may
// rely on: a waiter that naps looks at its context again.
func contextProgram(r RoleRule) roleCode {
	return roleCode{
		{name: "ends", do: func(s *RoleState, _ int) string {
			s.all[waiter1].canceled = true
			return next
		}},
		{name: "wakes the nap", do: func(s *RoleState, _ int) string {
			if s.napping && !r.NapsDeaf {
				s.poke()
			}
			return next
		}},
	}
}

// poke changes the word that a napping leader sleeps on beside the ring head.
func (s *RoleState) poke() {
	s.poked = true
	for _, who := range []int{waiter1, waiter2} {
		s.all[who].asleep, s.all[who].watches = false, false
	}
}
