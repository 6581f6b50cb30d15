package main

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// measureAll builds, measures and reports. When measuring fails, what was measured
// until then is reported.
func (o *options) measureAll(stdout, stderr io.Writer) (err error) {
	began := time.Now()
	p, err := buildPrograms(stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.remove()) }()
	env := readEnvironment(o)
	s := make(series)
	passes, failed := o.measurePasses(p, s, began, stderr)
	env.Passes, env.Rounds, env.LoadAfter = passes, s.rounds(), loadAverage()
	return errors.Join(failed, makeReport(env, s).write(o, stdout))
}

// measurePasses begins no pass but the first that would, if it is like the last, end
// too late. It says how many it began.
func (o *options) measurePasses(p *programs, s series, began time.Time, stderr io.Writer) (int, error) {
	var last time.Duration
	for pass := range o.passes {
		if pass > 0 && time.Since(began)+last > o.limit {
			fmt.Fprintf(stderr, "bench: no time for more than %d of %d passes\n", pass, o.passes)
			return pass, nil
		}
		fmt.Fprintf(stderr, "bench: pass %d of %d\n", pass+1, o.passes)
		start := time.Now()
		if err := o.pass(p, pass, s); err != nil {
			return pass + 1, err
		}
		last = time.Since(start)
	}
	return o.passes, nil
}

// pass measures every case with every contender, in processes of its own.
func (o *options) pass(p *programs, pass int, s series) error {
	t := &stage{options: o, programs: p, first: pass * o.rounds, into: s, processes: make(map[seat]running)}
	return t.play()
}

// stage is one pass.
type stage struct {
	*options
	programs  *programs
	first     int // round
	into      series
	processes map[seat]running
}

// seat is the processes of one contender.
type seat struct {
	contender string
	where     place
}

// play measures all cases, each in rounds in which contenders take turns. The processes of all of them are there until
// its end, asleep: what a round compares is measured within a few seconds, and the machine changes within minutes.
func (t *stage) play() (err error) {
	defer func() { err = errors.Join(err, t.clear()) }()
	for _, bc := range cases {
		for round := t.first; round < t.first+t.rounds; round++ {
			for i := range contenders {
				if err := t.measure(bc, contenders[inTurn(i, round)], round); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// inTurn is which contender is at place i of a round. Nobody is always first, or always before
// another: a machine that gets slower meanwhile would always do harm to the same.
func inTurn(i, round int) int {
	n := len(contenders)
	if round%2 == 1 {
		i = n - 1 - i
	}
	return (i + round/2) % n
}

// measure measures a case with a contender, if it is wanted and can be.
func (t *stage) measure(bc benchCase, c contender, round int) error {
	if !t.programs.has(c) || !c.takes(bc) || !t.run.MatchString(bc.name+"/"+c.name) || round-t.first >= t.roundsOf(bc, c) {
		return nil
	}
	at := seat{c.name, bc.where}
	proc := t.processes[at]
	if proc == nil {
		var err error
		if proc, err = c.start(t.programs.files, bc.where, t.profile); err != nil {
			return err
		}
		t.processes[at] = proc
	}
	got, err := proc.measure(command{Case: bc.name, For: t.spellOf(bc), First: round == t.first})
	if err != nil {
		return fmt.Errorf("%s, %s: %w", bc.name, c.name, err)
	}
	t.into.add(bc, c, round, got)
	return nil
}

// roundsOf is in how many rounds of a pass a case is measured with a contender: in the first only where no ratio is of it,
// unless somebody chose what to measure.
func (t *stage) roundsOf(bc benchCase, c contender) int {
	switch {
	case bc.where == crowded:
		return t.crowds
	case t.run.String() == "" && !judged[seriesKey{bc.name, c.name}]:
		return 1
	}
	return t.rounds
}

const (
	crowdSpell = 450 * time.Millisecond // callers of many guests have the processor for ten milliseconds each
	leastGaps  = 10                     // of sporadic operations
)

// spellOf is how long a case is measured at a time.
func (o *options) spellOf(bc benchCase) time.Duration {
	if bc.where == crowded {
		return max(o.spell, crowdSpell)
	}
	return max(o.spell, leastGaps*bc.gap)
}

// clear ends all processes.
func (t *stage) clear() error {
	var errs []error
	for at, proc := range t.processes {
		errs = append(errs, proc.end())
		delete(t.processes, at)
	}
	return errors.Join(errs...)
}
