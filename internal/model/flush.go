package model

// Flush is the model of messages that a side decided on and that wait for room
// (design/core, Who may block). Whoever queues one, or learns of room, flushes: it takes
// the turn to send, sends what there is room for and, when room is missing, sets the bit
// for ring space, tries once more and leaves the rest to the pump, which the peer wakes;
// when nothing is left it takes the bit back. Nobody waits to flush: who finds another
// thread sending says in the same step that a flush is wanted, and leaves the work to that
// thread, which looks for it in the step that ends its turn. The bit changes in one's turn
// only, so room that was missing while the bit was set is room that the peer will tell of.
//
// Two threads queue a message each, one sends a message of its own when there is room,
// and the peer takes messages off a ring that has room for one and is full at first.
type Flush struct {
	machine[FlushState]
}

// FlushRule holds the clauses that can be broken. The zero value is the rule.
type FlushRule struct {
	WantLate      bool // it tells it after it found it sending
	ServesLate    bool // the want is taken for served after the sending, not before
	OutOfTurn     bool // the bit changes after the turn, under a lock of its own
	OutOfTurnLook bool // and who takes it back then looks whether something was queued
	NoSecondTry   bool // room is missing, the bit is set, and nobody tries again
	SenderLeaves  bool // a sender does not flush when it is through
	FlusherLeaves bool // who flushed does not look whether that was wanted again
	LooksAtQueue  bool // nothing queued is nothing to do, though the bit is set
	Silent        bool // the peer does not look at the flags
}

// ringRoom is the room of the model's ring.
const ringRoom = 1

// FlushState is one state of Flush.
type FlushState struct {
	queued uint8 // in the outbox
	lying  uint8 // in the ring
	turn   bool  // somebody sends
	wanted bool  // somebody asked for a flush
	bit    bool  // the pump waits for room
	rung   bool
	at     [flushThreads]uint8
	lack   [flushThreads]bool // it found no room
}

const (
	flushPeer = iota
	flushPump
	flushFirst
	flushSecond
	flushSender
	flushThreads
)

type flushCode = program[FlushState]
type flushStep = func(*FlushState, int) string

// NewFlush makes the model.
func NewFlush(r FlushRule) *Flush {
	m := &Flush{}
	queues := append(flushCode{{name: "queues a message", do: func(s *FlushState, _ int) string {
		s.queued++
		return next
	}}}, r.flush(end)...)
	m.threads = []thread[FlushState]{
		flushPeer:   {name: "peer", program: r.taker(), daemon: true},
		flushPump:   {name: "pump", program: append(pumpSleep, r.flush("sleep")...), daemon: true},
		flushFirst:  {name: "first", program: queues},
		flushSecond: {name: "second", program: queues},
		flushSender: {name: "sender", program: r.sender()},
	}
	m.place = func(s *FlushState, who int) *uint8 { return &s.at[who] }
	return m
}

// Start is a connection whose ring is full.
func (m *Flush) Start() FlushState { return FlushState{lying: ringRoom} }

// Steps are those of the threads and the peer.
func (m *Flush) Steps(s FlushState, emit func(Step, FlushState)) { m.steps(s, emit) }

// Fault says that a queued message waits for a wake that nobody is going to give.
func (m *Flush) Fault(s FlushState) string {
	if s.queued == 0 || s.lying > 0 {
		return ""
	}
	for who := range m.threads {
		if !m.blocked(s, who) {
			return ""
		}
	}
	return "a message is queued, the ring has room, everyone sleeps, no wake is pending"
}

// Done says that everything went out,
// and the peer need not ring any more.
func (m *Flush) Done(s FlushState) bool {
	return m.ended(s) && s.queued == 0 && s.lying == 0 && !s.bit
}

// taker is the peer.
func (r FlushRule) taker() flushCode {
	return flushCode{
		{label: "take", name: "takes a message", do: func(s *FlushState, _ int) string {
			if s.lying == 0 {
				return wait
			}
			s.lying--
			if r.Silent {
				return "take"
			}
			return next
		}},
		{name: "reads the flags and rings", do: func(s *FlushState, _ int) string {
			s.rung = s.rung || s.bit
			return "take"
		}},
	}
}

var pumpSleep = flushCode{
	{label: "sleep", name: "is rung and drains the doorbell", do: func(s *FlushState, _ int) string {
		if !s.rung {
			return wait
		}
		s.rung = false
		return next
	}},
}

// sender publishes one message of its own after what is queued, if there is room, in
// its turn.
func (r FlushRule) sender() flushCode {
	p := flushCode{
		{name: "takes its turn", do: takeTurn(next, wait)},
		{label: "first", name: "sends what is queued", do: sendQueued("first", next)},
		{name: "sends its own if there is room", do: func(s *FlushState, who int) string {
			if s.queued == 0 && s.lying < ringRoom {
				s.lying++
			}
			s.lack[who] = false
			return next
		}},
		{name: "ends its turn", do: func(s *FlushState, _ int) string {
			s.turn = false
			if r.SenderLeaves {
				return end
			}
			return next
		}},
	}
	return append(p, r.flush(end)...)
}

func takeTurn(taken, not string) flushStep {
	return func(s *FlushState, _ int) string {
		if s.turn {
			return not
		}
		s.turn = true
		return taken
	}
}

// sendQueued sends one queued message and goes on at again, until none is left or room
// is missing.
func sendQueued(again, done string) flushStep {
	return func(s *FlushState, who int) string {
		if s.queued > 0 && s.lying < ringRoom {
			s.queued--
			s.lying++
			return again
		}
		s.lack[who] = s.queued > 0
		return done
	}
}

// flush sends what is queued as far as there is room, and never waits.
func (r FlushRule) flush(after string) flushCode {
	if r.OutOfTurn || r.OutOfTurnLook {
		return r.flushOutOfTurn(after)
	}
	p := flushCode{
		{label: "flush", name: "looks whether there is anything to do", do: func(s *FlushState, _ int) string {
			if s.queued == 0 && (!s.bit || r.LooksAtQueue) {
				return after
			}
			return next
		}},
		{name: "takes its turn, or says that a flush is wanted", do: func(s *FlushState, _ int) string {
			switch {
			case !s.turn:
				s.turn = true
				return next
			case r.WantLate:
				return "not now"
			}
			s.wanted = true
			return after
		}},
	}
	p = append(p, r.inTurn(after)...)
	return append(p, instruction[FlushState]{label: "not now", name: "says it too late", do: func(s *FlushState, _ int) string {
		s.wanted = true
		return after
	}})
}

// inTurn is what a flush does in its turn.
func (r FlushRule) inTurn(after string) flushCode {
	return flushCode{
		{label: "again", name: "serves the want", do: func(s *FlushState, _ int) string {
			s.wanted = s.wanted && r.ServesLate
			return next
		}},
		{label: "try", name: "sends what is queued", do: sendQueued("try", next)},
		{name: "sets the bit if room is missing, takes it back if nothing is left", do: func(s *FlushState, who int) string {
			was := s.bit
			s.bit = s.lack[who]
			s.lack[who] = false
			if s.bit && !was && !r.NoSecondTry {
				return "try"
			}
			s.wanted = s.wanted && !r.ServesLate
			return next
		}},
		{name: "ends its turn, unless a flush was wanted", do: func(s *FlushState, _ int) string {
			if s.wanted && !r.FlusherLeaves {
				return "again"
			}
			s.turn = false
			return after
		}},
	}
}

// flushOutOfTurn looks right and is not: the room that was missing may have come before
// another thread set the bit, and a message may be queued, and found to lack room,
// between the last look and the bit's end.
func (r FlushRule) flushOutOfTurn(after string) flushCode {
	return flushCode{
		{label: "flush", name: "looks whether something is queued", do: func(s *FlushState, _ int) string {
			if s.queued == 0 {
				return "disarm"
			}
			return next
		}},
		{name: "tries to take its turn", do: takeTurn(next, "is it sent")},
		{label: "try", name: "sends what is queued", do: sendQueued("try", next)},
		{name: "ends its turn", do: func(s *FlushState, who int) string {
			s.turn = false
			lack := s.lack[who]
			s.lack[who] = false
			if lack {
				return next
			}
			return "flush"
		}},
		{name: "sets the bit, and looks again if that is new", do: func(s *FlushState, _ int) string {
			was := s.bit
			s.bit = true
			if was {
				return after
			}
			return "flush"
		}},
		{label: "is it sent", name: "looks whether something is queued still", do: func(s *FlushState, _ int) string {
			if s.queued > 0 {
				return after
			}
			return next
		}},
		{label: "disarm", name: "takes the bit back", do: func(s *FlushState, _ int) string {
			s.bit = false
			if r.OutOfTurnLook && s.queued > 0 {
				return "flush"
			}
			return after
		}},
	}
}
