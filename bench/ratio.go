package main

import (
	"math"
	"slices"
)

// ratio is a figure that this project is judged by: the median over the rounds of what
// each round gives.
type ratio struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Goal  float64 `json:"goal"`
	// Floor is what is accepted at the worst: the least, or the most where the goal is
	// below it or the same.
	Floor float64 `json:"floor"`
	Holds bool    `json:"holds"`

	span      spread
	ofEngines bool // compares the two engines in one case
}

// rule is how a ratio comes about.
type rule struct {
	name        string
	of, over    term // over is empty for a figure that is none by another
	goal, floor float64
	slack       float64 // by which a floor of nothing may be missed
	ofEngines   bool
}

// term is a figure of one round, and what it is made of.
type term struct {
	value func(s series, round int) (float64, bool) // false where it was not measured
	keys  []seriesKey
}

// rulesFor are the ratios that must hold of ours, and after them one for each case by
// which the engines compare.
func rulesFor(ours contender) []rule {
	return append([]rule{
		{name: "32 B, one caller: p50 over C spin floor and loopback",
			of: p50Of(smallCall, ours), over: sum(p50Of(smallCall, spinFloor), p50Of(smallCall, loopback)),
			goal: 1.3, floor: 2},
		{name: "32 B, one caller: bare Unix socket's p50 over the loopback's",
			of: p50Of(smallCall, bareUnix), over: p50Of(smallCall, loopback), goal: 60, floor: 30},
		{name: "every 200 us: p50 over C futex floor",
			of: p50Of(every200us, ours), over: p50Of(every200us, futexFloor), goal: 2, floor: 5},
		{name: "every 10 ms: p50 over C futex floor",
			of: p50Of(every10ms, ours), over: p50Of(every10ms, futexFloor), goal: 2, floor: 5},
		{name: "32 B, one caller: gRPC's p50 over ours",
			of: p50Of(smallCall, grpcUnix), over: p50Of(smallCall, ours), goal: 150, floor: 60},
		{name: "32 B, one caller: bare Unix socket's p50 over ours",
			of: p50Of(smallCall, bareUnix), over: p50Of(smallCall, ours), goal: 20, floor: 10},
		{name: "32 B, 64 callers: our calls/s over gRPC's",
			of: rateOf(smallCall64, ours), over: rateOf(smallCall64, grpcUnix), goal: 25, floor: 12},
		{name: "32 B, 64 callers: our calls/s over bare Unix socket's",
			of: rateOf(smallCall64, ours), over: rateOf(smallCall64, bareUnix), goal: 8, floor: 4},
		{name: "add: allocations a call, both sides",
			of: allocsOf(addCall, ours), goal: 0, floor: 0, slack: runtimeAllocs},
		{name: "1 MiB: our bytes/s over C memcpy floor",
			of: bytesOf(largeCall, ours), over: bytesOf(largeCall, copyFloor), goal: 0.8, floor: 0.5},
		{name: "stream up, 64 KiB items: our bytes/s over C memcpy floor",
			of: bytesOf(upLarge, ours), over: bytesOf(upLarge, copyFloor), goal: 0.9, floor: 0.6},
		{name: "stream down, 64 KiB items: our bytes/s over C memcpy floor",
			of: bytesOf(downLarge, ours), over: bytesOf(downLarge, copyFloor), goal: 0.9, floor: 0.6},
		{name: "32 B, one caller: p50 with a C guest over that with a Go guest",
			of: p50Of(smallCall, roamC), over: p50Of(smallCall, ours), goal: 1, floor: 1},
		{name: "32 B, one caller: ns that C alone adds to the C spin floor's p50",
			of: difference(p50Of(smallCall, pathInC), p50Of(smallCall, spinFloor)), goal: 300, floor: 300},
		{name: "255 idle guests: CPUs",
			of: idleOf(guests255, ours, (*idle).cpu), goal: 0.01, floor: 0.01},
		{name: "255 idle guests: OS threads more than with 16, a guest",
			of: threadGrowth(ours), goal: 0, floor: 0, slack: runtimeThreads},
		{name: "255 idle guests: KiB of host heap a guest",
			of: idleOf(guests255, ours, (*idle).heapKiB), goal: 100, floor: 100},
		{name: "64 guests, host on half of the CPUs: calls/s over those with 1",
			of: rateOf(guests64, ours), over: rateOf(oneGuest, ours), goal: 1, floor: 0.7},
		{name: "64 guests, host on all CPUs: calls/s over those with 1",
			of: rateOf(guestsOnAll, ours), over: rateOf(oneGuest, ours), goal: 1, floor: 0.7},
		{name: "half load: p99.9 over p50",
			of: p999Of(halfLoad, ours), over: p50Of(halfLoad, ours), goal: 20, floor: 50},
		{name: "half load: p99.9 over C spin floor's",
			of: p999Of(halfLoad, ours), over: p999Of(halfLoad, spinFloor), goal: 1, floor: 2},
		{name: "one CPU: our calls/s over bare Unix socket's",
			of: rateOf(onOneCPU, ours), over: rateOf(onOneCPU, bareUnix), goal: 1.5, floor: 1},
		{name: "32 B, one caller: p50 over a Unix socket over bare Unix socket's",
			of: p50Of(smallCall, roamUnix), over: p50Of(smallCall, bareUnix), goal: 1.5, floor: 2.5},
	}, engineRules()...)
}

// What a floor of nothing leaves to the Go runtime: it allocates now and then without
// being asked, and has a few threads more or less at any time.
const (
	runtimeAllocs  = 0.01 // a call
	runtimeThreads = 0.02 // a guest
)

// engineRules compare the engines in each case: more than 1, cgo is the better.
func engineRules() []rule {
	var all []rule
	for _, bc := range cases {
		if !roamCgo.takes(bc) || !roamGo.takes(bc) {
			continue
		}
		of, over := figureOf(bc, bc.about, roamCgo), figureOf(bc, bc.about, roamGo)
		if bc.about == p50 {
			of, over = over, of // the shorter time is the better
		}
		all = append(all, rule{
			name: "cgo over pure Go: " + bc.name, of: of, over: over, goal: 1, floor: 0.9, ofEngines: true,
		})
	}
	return all
}

// judged are the series that some ratio is of.
var judged = func() map[seriesKey]bool {
	all := make(map[seriesKey]bool)
	for _, ours := range []contender{roamCgo, roamGo} {
		for _, r := range rulesFor(ours) {
			for _, key := range slices.Concat(r.of.keys, r.over.keys) {
				all[key] = true
			}
		}
	}
	return all
}()

// ratiosOf are the ratios of what was measured.
func ratiosOf(s series, rules []rule) []ratio {
	var all []ratio
	for _, r := range rules {
		if got, ok := r.ratio(s); ok {
			all = append(all, got)
		}
	}
	return all
}

func (r rule) ratio(s series) (ratio, bool) {
	var values []float64
	for round := range s.rounds() {
		if v, ok := r.value(s, round); ok {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return ratio{}, false
	}
	span := spreadOf(values, func(v float64) float64 { return v })
	return ratio{
		Name: r.name, Value: span.mid, Goal: r.goal, Floor: r.floor, Holds: r.holds(span.mid),
		span: span, ofEngines: r.ofEngines,
	}, true
}

// value is what one round gives.
func (r rule) value(s series, round int) (float64, bool) {
	v, ok := r.of.value(s, round)
	if r.over.value == nil {
		return v, ok
	}
	by, ok2 := r.over.value(s, round)
	v /= by
	return v, ok && ok2 && !math.IsNaN(v) && !math.IsInf(v, 0)
}

func (r rule) holds(v float64) bool {
	if r.goal > r.floor {
		return v >= r.floor
	}
	return v <= r.floor+r.slack
}

func figureOf(bc benchCase, f figure, c contender) term {
	return sampleOf(bc, c, func(s sample) float64 { return bc.value(f, s) })
}

func p50Of(bc benchCase, c contender) term   { return figureOf(bc, p50, c) }
func rateOf(bc benchCase, c contender) term  { return figureOf(bc, callsPerSec, c) }
func bytesOf(bc benchCase, c contender) term { return figureOf(bc, bytesPerSec, c) }

func p999Of(bc benchCase, c contender) term {
	return sampleOf(bc, c, func(s sample) float64 { return s.Times.quantile(0.999) })
}

func allocsOf(bc benchCase, c contender) term {
	return sampleOf(bc, c, func(s sample) float64 { return float64(s.Mallocs) / float64(s.Ops) })
}

func sampleOf(bc benchCase, c contender, value func(sample) float64) term {
	return term{keys: []seriesKey{{bc.name, c.name}}, value: func(s series, round int) (float64, bool) {
		got, ok := s.at(bc, c, round)
		if !ok {
			return 0, false
		}
		return value(got), true
	}}
}

func sum(a, b term) term {
	return both(a, b, func(a, b float64) float64 { return a + b })
}

// difference is of without less.
func difference(of, less term) term {
	return both(of, less, func(of, less float64) float64 { return of - less })
}

func both(a, b term, join func(a, b float64) float64) term {
	return term{keys: slices.Concat(a.keys, b.keys), value: func(s series, round int) (float64, bool) {
		v, ok := a.value(s, round)
		w, ok2 := b.value(s, round)
		return join(v, w), ok && ok2
	}}
}

func idleOf(bc benchCase, c contender, value func(*idle) float64) term {
	return term{keys: []seriesKey{{bc.name, c.name}}, value: func(s series, round int) (float64, bool) {
		got, ok := s.at(bc, c, round)
		if !ok || got.Idle == nil {
			return 0, false
		}
		return value(got.Idle), true
	}}
}

func (i *idle) cpu() float64       { return i.CPU }
func (i *idle) heapKiB() float64   { return i.Heap / 1024 }
func (i *idle) osThreads() float64 { return float64(i.Threads) }

// threadGrowth is by how many threads a host grows with each guest. It begins with a
// few: before, the host is still on its way to the threads that any program has which
// does several things at once.
func threadGrowth(c contender) term {
	few, many := idleOf(guests16, c, (*idle).osThreads), idleOf(guests255, c, (*idle).osThreads)
	return both(many, few, func(many, few float64) float64 {
		return (many - few) / float64(guests255.guests-guests16.guests)
	})
}
