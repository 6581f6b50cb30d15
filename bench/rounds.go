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
	failed := o.measureRounds(p, s, began, stderr)
	env.Rounds, env.LoadAfter = s.rounds(), loadAverage()
	return errors.Join(failed, makeReport(env, s).write(o, stdout))
}

// measureRounds begins no round but the first that would, if it is like the last, end
// too late.
func (o *options) measureRounds(p *programs, s series, began time.Time, stderr io.Writer) error {
	var last time.Duration
	for round := range o.rounds {
		if round > 0 && time.Since(began)+last > o.limit {
			fmt.Fprintf(stderr, "bench: no time for more than %d of %d rounds\n", round, o.rounds)
			break
		}
		fmt.Fprintf(stderr, "bench: round %d of %d\n", round+1, o.rounds)
		start := time.Now()
		if err := o.round(p, round, s); err != nil {
			return err
		}
		last = time.Since(start)
	}
	return nil
}

// round measures every case once with every contender, in processes of its own.
func (o *options) round(p *programs, round int, s series) error {
	t := &stage{options: o, programs: p, round: round, into: s, processes: make(map[seat]running)}
	return t.play()
}

// stage is one round.
type stage struct {
	*options
	programs  *programs
	round     int
	into      series
	processes map[seat]running
}

// seat is the processes of one contender.
type seat struct {
	contender string
	where     place
}

// play measures all cases, contenders in turn. The processes of all of them are there until its end, asleep: what a case
// compares is measured within seconds, and the machine changes within minutes.
func (t *stage) play() (err error) {
	defer func() { err = errors.Join(err, t.clear()) }()
	for _, bc := range cases {
		for i := range contenders {
			if err := t.measure(bc, t.inTurn(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// inTurn is the contender at place i: nobody is always first.
func (t *stage) inTurn(i int) contender { return contenders[(i+t.round)%len(contenders)] }

// measure measures a case with a contender, if it is wanted and can be.
func (t *stage) measure(bc benchCase, c contender) error {
	if !t.programs.has(c) || !c.takes(bc) || !t.run.MatchString(bc.name+"/"+c.name) {
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
	got, err := proc.measure(bc, t.spell)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", bc.name, c.name, err)
	}
	t.into.add(bc, c, t.round, got)
	return nil
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
