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
