package model

// cell is a word that several threads use.
type cell uint8

const (
	// Of the segment.
	head  cell = iota // what a waiter waits for: grows by one with each message or place
	space             // the same, of another kind
	flag              // the waiter's flag bit for head
	flag2             // its flag bit for space
	// Of the waiter's process.
	lock
	count // its waiters of a kind
	taken // of head
	token // for a thread that sleeps without reading the doorbell
	cells
)

// maxThreads and maxLate bound threads and the stores of one that are late.
const (
	maxThreads = 3
	maxLate    = 4
)

// processor is one thread with the stores that it made and that nobody else sees yet,
// oldest first: total store order, the least that every machine reorders. Where an atomic OR is
// a fence of its own, as on x86, the rule's fence comes for nothing; here a bit is set
// by a plain store, so that the fence is what counts.
type processor struct {
	at     uint8
	a, b   uint8 // registers
	asleep bool  // on a futex
	late   [maxLate]lateStore
	lates  uint8
}

type lateStore struct {
	cell  cell
	value uint8
}

// MemoryState is memory, the doorbell and the processors.
type MemoryState struct {
	memory [cells]uint8
	rung   bool // a byte lies in the doorbell
	cpus   [maxThreads]processor
}

// load sees the thread's own stores first.
func (s *MemoryState) load(who int, c cell) uint8 {
	cpu := &s.cpus[who]
	for i := int(cpu.lates) - 1; i >= 0; i-- {
		if cpu.late[i].cell == c {
			return cpu.late[i].value
		}
	}
	return s.memory[c]
}

// store is late: it reaches memory in a step of its own, after those before it. The
// caller sees to it that there is room.
func (s *MemoryState) store(who int, c cell, value uint8) {
	cpu := &s.cpus[who]
	cpu.late[cpu.lates] = lateStore{c, value}
	cpu.lates++
}

// put is an instruction that stores a value.
func put(c cell, value uint8) func(*MemoryState, int) string {
	return func(s *MemoryState, who int) string {
		if s.cpus[who].lates == maxLate {
			return wait
		}
		s.store(who, c, value)
		return next
	}
}

// settle lets the oldest late store reach memory.
func (s *MemoryState) settle(who int) {
	cpu := &s.cpus[who]
	first := cpu.late[0]
	copy(cpu.late[:], cpu.late[1:])
	cpu.late[maxLate-1] = lateStore{}
	cpu.lates--
	s.memory[first.cell] = first.value
}

// fence waits until the thread's own stores are in memory.
func fence(s *MemoryState, who int) string {
	if s.cpus[who].lates > 0 {
		return wait
	}
	return next
}

// acquire takes the lock; like the instruction that does it, it is a fence.
func acquire(s *MemoryState, who int) string {
	if s.cpus[who].lates > 0 || s.memory[lock] != 0 {
		return wait
	}
	s.memory[lock] = 1
	return next
}

// release is a plain store: what was stored under the lock is seen before it is free.
func release(s *MemoryState, who int) string {
	s.store(who, lock, 0)
	return next
}

// futexWait sleeps while the word has the value in register a. The kernel compares it
// in memory, in one step with going to sleep.
func futexWait(c cell) func(*MemoryState, int) string {
	return func(s *MemoryState, who int) string {
		cpu := &s.cpus[who]
		cpu.asleep = s.memory[c] == cpu.a
		return next
	}
}

// awake follows futexWait.
func awake(s *MemoryState, who int) string {
	if s.cpus[who].asleep {
		return wait
	}
	return next
}

// futexWake wakes every thread that sleeps on the word.
func (s *MemoryState) futexWake() {
	for i := range s.cpus {
		s.cpus[i].asleep = false
	}
}

// poll sleeps until a byte lies in the doorbell.
func poll(s *MemoryState, _ int) string {
	if !s.rung {
		return wait
	}
	return next
}

// drain empties the doorbell.
func drain(s *MemoryState, _ int) string {
	s.rung = false
	return next
}
