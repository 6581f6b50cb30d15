package model

// instruction is one step of a thread on a state S: it changes s and names the label
// to go on at, next for the one that follows, or wait when it cannot be done now (then
// it must not have changed anything).
type instruction[S any] struct {
	label string
	name  string
	do    func(s *S, who int) string
	// or is another way that the step can go, where a thread may choose.
	or func(s *S, who int) string
}

// Where an instruction goes on.
const (
	next = ""
	wait = "wait"
	end  = "end"
)

// program is what a thread runs, from its first instruction until it jumps to end or
// falls off.
type program[S any] []instruction[S]

// place gives the number of a label.
func (p program[S]) place(label string) uint8 {
	if label == end {
		return uint8(len(p))
	}
	for i := range p {
		if p[i].label == label {
			return uint8(i)
		}
	}
	panic("model: no label " + label)
}

// thread is a program with a name.
type thread[S any] struct {
	name    string
	program program[S]
	// daemon: it need not come to its end.
	daemon bool
}

// machine runs threads that interleave in every way. place is where a state keeps how
// far a thread has come.
type machine[S comparable] struct {
	threads []thread[S]
	place   func(s *S, who int) *uint8
}

// steps calls emit for each step a thread can make.
func (m *machine[S]) steps(s S, emit func(Step, S)) {
	for who := range m.threads {
		in := m.at(&s, who)
		if in == nil {
			continue
		}
		m.step(s, who, in.name, in.do, emit)
		if in.or != nil {
			m.step(s, who, in.name+", or not", in.or, emit)
		}
	}
}

func (m *machine[S]) at(s *S, who int) *instruction[S] {
	t := &m.threads[who]
	if at := *m.place(s, who); int(at) < len(t.program) {
		return &t.program[at]
	}
	return nil
}

func (m *machine[S]) step(s S, who int, name string, do func(*S, int) string, emit func(Step, S)) {
	t := &m.threads[who]
	switch label := do(&s, who); label {
	case wait:
		return
	case next:
		*m.place(&s, who)++
	default:
		*m.place(&s, who) = t.program.place(label)
	}
	emit(Step{Who: t.name, What: name}, s)
}

// blocked says that a thread has ended or waits.
func (m *machine[S]) blocked(s S, who int) bool {
	in := m.at(&s, who)
	if in == nil {
		return true
	}
	trial := s
	if in.do(&trial, who) != wait {
		return false
	}
	trial = s
	return in.or == nil || in.or(&trial, who) == wait
}

// ended says that every thread that has an end has come to it.
func (m *machine[S]) ended(s S) bool {
	for who := range m.threads {
		if t := &m.threads[who]; !t.daemon && int(*m.place(&s, who)) < len(t.program) {
			return false
		}
	}
	return true
}
