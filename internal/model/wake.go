package model

// Wake is the model of waiting and waking (shm-rules, Wait and wake): a peer that
// stores and then wakes whoever said that it waits, and threads of one process that
// wait. Stores are late, so each fence of the rule is there or missed.
//
// Bounds: two messages or places, at most two waiting threads, four late stores each.
type Wake struct {
	machine[MemoryState]
	// missed says that something came that a waiter which has not ended waits for.
	missed func(s *MemoryState) bool
	// post is how many instructions the peer needs for one message.
	post uint8
}

// WakeRule holds the clauses that can be broken. The zero value is the rule.
type WakeRule struct {
	NoWakerFence    bool // the waker does not fence between its store and the flags
	FlagsFirst      bool // the waker reads the flags before it stores
	NoWaiterFence   bool // the waiter does not fence between its bit and the second look
	NoSecondLook    bool // the waiter sleeps without another look
	SleepsOnNewWord bool // it sleeps while the word stays as it was read last, whatever it was
	LookBeforeBit   bool // the second look comes before the bit
	DrainLast       bool // the doorbell is drained after the second look
	FirstClears     bool // the first waiter that leaves clears the bit
	BitOutsideLock  bool // the count changes under the lock, the bit after it
	ReaderForItself bool // who reads the doorbell looks at its own condition alone
	TwoReaders      bool // two threads read one doorbell
}

// Start is the state in which nothing came and nobody waits.
func (w *Wake) Start() MemoryState { return MemoryState{} }

// Steps are those of the threads, and of their late stores.
func (w *Wake) Steps(s MemoryState, emit func(Step, MemoryState)) {
	w.steps(s, emit)
	for who := range w.threads {
		if s.cpus[who].lates > 0 {
			n := s
			n.settle(who)
			emit(Step{Who: w.threads[who].name, What: "a late store reaches memory"}, n)
		}
	}
}

// Fault is a lost wake-up: what a thread waits for is there, everyone sleeps, and no
// wake is pending.
func (w *Wake) Fault(s MemoryState) string {
	if !w.missed(&s) || s.cpus[0].at%w.post != 0 {
		return ""
	}
	for who := range w.threads {
		if s.cpus[who].lates > 0 || who > 0 && !w.blocked(s, who) {
			return ""
		}
	}
	return "what is waited for is there, everyone sleeps, no wake is pending"
}

// Done says that everything that came was taken.
func (w *Wake) Done(s MemoryState) bool { return w.ended(s) && !w.missed(&s) }

func newWake(missed func(*MemoryState) bool, threads ...thread[MemoryState]) *Wake {
	w := &Wake{missed: missed}
	w.threads = threads
	w.place = func(s *MemoryState, who int) *uint8 { return &s.cpus[who].at }
	w.post = uint8(len(threads[0].program)) / 2
	return w
}

// waker is the peer: it stores to two words, one after the other, and wakes by the
// flag of each.
func waker(r WakeRule, wake func(*MemoryState), first, firstFlag, second, secondFlag cell) thread[MemoryState] {
	var p program[MemoryState]
	for i, c := range []cell{first, second} {
		flags := []cell{firstFlag, secondFlag}[i]
		value := uint8(1)
		if first == second {
			value += uint8(i)
		}
		stores := instruction[MemoryState]{name: "stores", do: put(c, value)}
		reads := instruction[MemoryState]{name: "reads the flags", do: func(s *MemoryState, who int) string {
			s.cpus[who].a = s.load(who, flags)
			return next
		}}
		if r.FlagsFirst {
			stores, reads = reads, stores
		}
		p = append(p, stores)
		if !r.NoWakerFence {
			p = append(p, instruction[MemoryState]{name: "fence", do: fence})
		}
		p = append(p, reads, instruction[MemoryState]{name: "wakes who asked for it", do: func(s *MemoryState, who int) string {
			if s.cpus[who].a != 0 {
				wake(s)
			}
			return next
		}})
	}
	return thread[MemoryState]{name: "peer", program: p}
}

func ring(s *MemoryState) { s.rung = true }

// declare is how a waiter goes to sleep: bit, fence, second look.
func declare(r WakeRule, flag cell, look func(*MemoryState, int) string) program[MemoryState] {
	p := program[MemoryState]{{name: "sets its bit", do: put(flag, 1)}}
	if !r.NoWaiterFence {
		p = append(p, instruction[MemoryState]{name: "fence", do: fence})
	}
	again := instruction[MemoryState]{name: "looks again", do: look}
	switch {
	case r.LookBeforeBit:
		return append(program[MemoryState]{again}, p...)
	case r.NoSecondLook:
		return p
	}
	return append(p, again)
}

// FutexWake is one thread that waits for messages on the ring head.
func FutexWake(r WakeRule) *Wake {
	look := func(s *MemoryState, who int) string {
		cpu := &s.cpus[who]
		cpu.a = s.load(who, head)
		if cpu.a != cpu.b && !r.SleepsOnNewWord {
			return "clear"
		}
		return next
	}
	p := program[MemoryState]{lookForMessage}
	p = append(p, declare(r, flag, look)...)
	p = append(p,
		instruction[MemoryState]{name: "goes to sleep on head", do: futexWait(head)},
		instruction[MemoryState]{name: "wakes up", do: awake})
	p = append(p, takeMessage...)
	return newWake(messageLies, waker(r, (*MemoryState).futexWake, head, flag, head, flag), thread[MemoryState]{name: "waiter", program: p})
}

// BellWake is one thread that waits for messages on the doorbell.
func BellWake(r WakeRule) *Wake {
	look := func(s *MemoryState, who int) string {
		if s.load(who, head) != s.cpus[who].b {
			return "clear"
		}
		return next
	}
	drains := instruction[MemoryState]{name: "drains the doorbell", do: drain}
	p := program[MemoryState]{lookForMessage}
	if !r.DrainLast {
		p = append(p, drains)
	}
	p = append(p, declare(r, flag, look)...)
	if r.DrainLast {
		p = append(p, drains)
	}
	p = append(p, instruction[MemoryState]{name: "sleeps on the doorbell", do: poll})
	p = append(p, takeMessage...)
	return newWake(messageLies, waker(r, ring, head, flag, head, flag), thread[MemoryState]{name: "waiter", program: p})
}

// messageLies: a message lies in the ring of thread 1, which has received b of them.
func messageLies(s *MemoryState) bool { return s.memory[head] != s.cpus[1].b }

// lookForMessage is how a thread that waits for two messages begins; register b counts
// what it has taken.
var lookForMessage = instruction[MemoryState]{label: "look", name: "looks", do: func(s *MemoryState, who int) string {
	cpu := &s.cpus[who]
	cpu.a = s.load(who, head)
	if cpu.a != cpu.b {
		return "take"
	}
	return next
}}

var takeMessage = program[MemoryState]{
	{label: "clear", name: "clears its bit", do: put(flag, 0)},
	{name: "looks at the ring", do: func(*MemoryState, int) string { return "look" }},
	{label: "take", name: "takes a message", do: func(s *MemoryState, who int) string {
		s.cpus[who].b++
		if s.cpus[who].b == 2 {
			return end
		}
		return "look"
	}},
}
