package model

import (
	"fmt"
	"hash/maphash"
	"slices"
)

// Model is a transition system. All its methods are functions of their arguments.
type Model[S comparable] interface {
	// Start is the state that everything begins in.
	Start() S
	// Steps calls emit for each step that somebody can make in s.
	Steps(s S, emit func(Step, S))
	// Fault says which rule s breaks, empty for none. Nothing follows a faulty state.
	Fault(s S) string
	// Done says that in s all work is over and nothing is left behind.
	Done(s S) bool
}

// Step names one step for a trace.
type Step struct {
	Who, What string
	Use       int // which use of the id it belongs to, from 1; 0 where that has no meaning
}

func (t Step) String() string {
	if t.Use == 0 {
		return t.Who + ": " + t.What
	}
	return fmt.Sprintf("%s: %s (use %d)", t.Who, t.What, t.Use)
}

// Result is what a search found.
type Result struct {
	States, Steps int      // visited
	Fault         string   // empty: the model holds
	Trace         []string // the steps to Fault, as few as possible
}

// Search visits all states of m breadth first. It stops at the first state that is
// faulty, or that nothing follows although it is not Done. When there is none it
// shows that from every state a Done one can be reached. limit bounds the states; a
// model that has more is an error.
func Search[S comparable](m Model[S], limit int) (Result, error) {
	g := newGraph[S]()
	g.add(m.Start(), 0)
	for at := uint32(0); int(at) < len(g.states); at++ {
		s := g.states[at]
		if fault := m.Fault(s); fault != "" {
			return g.found(m, at, fault), nil
		}
		first := len(g.next)
		m.Steps(s, func(_ Step, next S) {
			g.next = append(g.next, g.add(next, at))
		})
		if len(g.next) == first && !m.Done(s) {
			return g.found(m, at, "nothing more happens, and not all is done"), nil
		}
		g.ends = append(g.ends, uint32(len(g.next)))
		if len(g.states) > limit {
			return Result{}, fmt.Errorf("search: more than %d states", limit)
		}
	}
	if at, lost := g.cannotFinish(m); lost {
		return g.found(m, at, "from here all can never be done"), nil
	}
	return Result{States: len(g.states), Steps: len(g.next)}, nil
}

// graph is what was visited. States are numbered in the order of their discovery, so
// that the way back over from is a shortest one.
type graph[S comparable] struct {
	states []S
	from   []uint32
	next   []uint32 // successors, those of a state behind those of the one before
	ends   []uint32 // where the successors of a state end in next

	// table finds a state's number by its hash: open addressing, each place holds 32
	// bits of the hash above the number plus 1, 0 is empty.
	table []uint64
	seed  maphash.Seed
}

func newGraph[S comparable]() *graph[S] {
	return &graph[S]{seed: maphash.MakeSeed(), table: make([]uint64, 1<<12)}
}

// add gives the number of s. States of equal hash are compared whole: a collision
// costs time only.
func (g *graph[S]) add(s S, from uint32) uint32 {
	hash := uint32(maphash.Comparable(g.seed, s))
	at := g.first(hash)
	for ; g.table[at] != 0; at = g.after(at) {
		if n := uint32(g.table[at]) - 1; uint32(g.table[at]>>32) == hash && g.states[n] == s {
			return n
		}
	}
	g.states = append(g.states, s)
	g.from = append(g.from, from)
	n := uint32(len(g.states))
	g.table[at] = uint64(hash)<<32 | uint64(n)
	if 2*len(g.states) > len(g.table) {
		g.grow()
	}
	return n - 1
}

// first is where the search for a hash begins, after the place behind one.
func (g *graph[S]) first(hash uint32) uint32 { return hash & uint32(len(g.table)-1) }
func (g *graph[S]) after(at uint32) uint32   { return (at + 1) & uint32(len(g.table)-1) }

func (g *graph[S]) grow() {
	old := g.table
	g.table = make([]uint64, 2*len(old))
	for _, entry := range old {
		if entry == 0 {
			continue
		}
		at := g.first(uint32(entry >> 32))
		for g.table[at] != 0 {
			at = g.after(at)
		}
		g.table[at] = entry
	}
}

// cannotFinish finds the first state from which no Done state can be reached: it
// walks back from those that are Done.
func (g *graph[S]) cannotFinish(m Model[S]) (uint32, bool) {
	before, ends := g.reversed()
	reached := make([]bool, len(g.states))
	var todo []uint32
	for i, s := range g.states {
		if m.Done(s) {
			reached[i] = true
			todo = append(todo, uint32(i))
		}
	}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, p := range before[ends[at]:ends[at+1]] {
			if !reached[p] {
				reached[p] = true
				todo = append(todo, p)
			}
		}
	}
	at := slices.Index(reached, false)
	return uint32(max(at, 0)), at >= 0
}

// reversed lists the predecessors of each state i in before[starts[i]:starts[i+1]].
func (g *graph[S]) reversed() (before, starts []uint32) {
	starts = make([]uint32, len(g.states)+2)
	for _, n := range g.next {
		starts[n+2]++
	}
	for i := 2; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	before = make([]uint32, len(g.next))
	edge := uint32(0)
	for at := range g.states {
		for ; edge < g.ends[at]; edge++ {
			n := g.next[edge]
			before[starts[n+1]] = uint32(at)
			starts[n+1]++
		}
	}
	return before, starts
}

// found is the result for a fault at a state, with the names of the steps to it.
func (g *graph[S]) found(m Model[S], at uint32, fault string) Result {
	r := Result{States: len(g.states), Steps: len(g.next), Fault: fault}
	for at != 0 {
		from := g.from[at]
		name := ""
		m.Steps(g.states[from], func(t Step, next S) {
			if name == "" && next == g.states[at] {
				name = t.String()
			}
		})
		r.Trace = append(r.Trace, name)
		at = from
	}
	slices.Reverse(r.Trace)
	return r
}
