package model

type memoryCode = program[MemoryState]

// CountedWake is two threads of one process that wait for a place each (or a message,
// a slot, credit) on one word. Their count and the flag bit change together, under one
// lock.
func CountedWake(r WakeRule) *Wake {
	p := append(takePlace(), r.countIn()...)
	if !r.NoWaiterFence {
		p = append(p, instruction[MemoryState]{name: "fence", do: fence})
	}
	p = append(p, memoryCode{
		{name: "looks again", do: func(s *MemoryState, who int) string {
			cpu := &s.cpus[who]
			cpu.a = s.load(who, head)
			if cpu.a != s.load(who, taken) {
				return "leave"
			}
			return next
		}},
		{name: "goes to sleep", do: futexWait(head)},
		{name: "wakes up", do: awake},
	}...)
	p = append(p, r.countOut()...)
	p = append(p, instruction[MemoryState]{name: "tries again", do: func(s *MemoryState, who int) string {
		s.cpus[who].a, s.cpus[who].b = 0, 0
		return "try"
	}})
	missed := func(s *MemoryState) bool { return s.memory[head] != s.memory[taken] }
	return newWake(missed, waker(r, (*MemoryState).futexWake, head, flag, head, flag),
		thread[MemoryState]{name: "first waiter", program: p}, thread[MemoryState]{name: "second waiter", program: p})
}

// takePlace takes a place under the lock, and ends with it; register b says that it
// has one.
func takePlace() memoryCode {
	return memoryCode{
		{label: "try", name: "locks", do: acquire},
		{name: "takes a place if there is one", do: func(s *MemoryState, who int) string {
			if n := s.load(who, taken); s.load(who, head) != n {
				s.store(who, taken, n+1)
				s.cpus[who].b = 1
			}
			return next
		}},
		{name: "unlocks", do: func(s *MemoryState, who int) string {
			release(s, who)
			if s.cpus[who].b == 1 {
				return end
			}
			return next
		}},
	}
}

// countIn counts a waiter and sets the bit with the first.
func (r WakeRule) countIn() memoryCode {
	p := memoryCode{
		{name: "locks", do: acquire},
		{name: "counts itself as waiting", do: func(s *MemoryState, who int) string { return countBy(r, s, who, 1) }},
		{name: "unlocks", do: release},
	}
	if r.BitOutsideLock {
		p = append(p, instruction[MemoryState]{name: "sets the bit if it was the first", do: setWhen(1, 1)})
	}
	return p
}

// countOut takes a waiter back and clears the bit with the last.
func (r WakeRule) countOut() memoryCode {
	p := memoryCode{
		{label: "leave", name: "locks", do: acquire},
		{name: "counts itself out", do: func(s *MemoryState, who int) string { return countBy(r, s, who, -1) }},
		{name: "unlocks", do: release},
	}
	if r.BitOutsideLock {
		p = append(p, instruction[MemoryState]{name: "clears the bit if it was the last", do: setWhen(0, 0)})
	}
	return p
}

// countBy changes the count of waiters, and the flag bit with it.
func countBy(r WakeRule, s *MemoryState, who int, by int) string {
	n := uint8(int(s.load(who, count)) + by)
	s.store(who, count, n)
	s.cpus[who].b = 0
	switch {
	case r.BitOutsideLock:
		s.cpus[who].b = n + 2 // for setWhen; 1 would say that it has a place
	case by > 0 && n == 1:
		s.store(who, flag, 1)
	case by < 0 && (n == 0 || r.FirstClears):
		s.store(who, flag, 0)
	}
	return next
}

// setWhen stores the bit when the count that countBy left was n.
func setWhen(n, bit uint8) func(*MemoryState, int) string {
	return func(s *MemoryState, who int) string {
		counted := s.cpus[who].b - 2
		s.cpus[who].b = 0
		if counted == n {
			s.store(who, flag, bit)
		}
		return next
	}
}

// SharedBellWake is two threads of one process behind one doorbell: one reads it and
// waits for messages for ever, the other waits once for a place. The peer gives both,
// in either order.
func SharedBellWake(r WakeRule, messageFirst bool) *Wake {
	other := r.besideReader()
	missed := func(s *MemoryState) bool {
		return s.memory[head] != s.cpus[1].b || s.memory[space] != 0 && int(s.cpus[2].at) < len(other)
	}
	peer := waker(r, ring, space, flag2, head, flag)
	if messageFirst {
		peer = waker(r, ring, head, flag, space, flag2)
	}
	return newWake(missed, peer,
		thread[MemoryState]{name: "reader", program: r.reader(), daemon: true},
		thread[MemoryState]{name: "other", program: other})
}

// reader is the one thread that reads the doorbell.
func (r WakeRule) reader() memoryCode {
	return memoryCode{
		{label: "again", name: "drains the doorbell", do: drain},
		{name: "sets its bit", do: put(flag, 1)},
		{name: "fence", do: fence},
		{name: "looks for a message", do: func(s *MemoryState, who int) string {
			if s.load(who, head) != s.cpus[who].b {
				s.cpus[who].b++
			}
			return next
		}},
		{name: "looks for the other thread", do: func(s *MemoryState, who int) string {
			if !r.ReaderForItself && !r.TwoReaders && s.load(who, flag2) != 0 && s.load(who, space) != 0 {
				s.memory[token] = 1 // something of the process that is never late
			}
			return next
		}},
		{name: "sleeps on the doorbell", do: poll},
		{name: "wakes up", do: func(*MemoryState, int) string { return "again" }},
	}
}

// besideReader is the thread that the reader wakes; with TwoReaders it reads the
// doorbell itself.
func (r WakeRule) besideReader() memoryCode {
	look := func(s *MemoryState, who int) string {
		if s.load(who, space) != 0 {
			return end
		}
		return next
	}
	var p memoryCode
	sleeps := instruction[MemoryState]{name: "sleeps until the reader wakes it", do: func(s *MemoryState, _ int) string {
		if s.memory[token] == 0 {
			return wait
		}
		s.memory[token] = 0
		return next
	}}
	if r.TwoReaders {
		p = memoryCode{{name: "drains the doorbell", do: drain}}
		sleeps = instruction[MemoryState]{name: "sleeps on the doorbell", do: poll}
	}
	p = append(p, declare(r, flag2, look)...)
	p = append(p, sleeps,
		instruction[MemoryState]{name: "wakes up", do: look},
		instruction[MemoryState]{name: "found nothing", do: func(*MemoryState, int) string { return "again" }})
	p[0].label = "again"
	return p
}
