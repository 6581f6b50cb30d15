package main

import (
	"errors"
	"fmt"
	"io"
)

// series are the samples of one case and contender, one a round; nil where it was not
// measured.
type series map[string]map[string][]sample // by case and contender

// measureAll builds, measures and reports.
func (o *options) measureAll(stdout, stderr io.Writer) (err error) {
	p, err := buildPrograms(stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.remove()) }()
	env := readEnvironment(o)
	s := make(series)
	for round := range o.rounds {
		fmt.Fprintf(stderr, "bench: round %d of %d\n", round+1, o.rounds)
		if err := o.round(p, round, s); err != nil {
			return err
		}
	}
	env.LoadAfter = loadAverage()
	r := makeReport(env, s)
	if err := r.print(stdout); err != nil {
		return err
	}
	if o.json == "" {
		return nil
	}
	return r.writeJSON(o.json)
}

// round measures every case once with every contender, in processes of its own.
func (o *options) round(p *programs, round int, s series) (err error) {
	running := make(map[string]*process)
	defer func() {
		for _, proc := range running {
			err = errors.Join(err, proc.end())
		}
	}()
	for _, c := range contenders {
		if p.of(c) == "" || !o.wants(c) {
			continue
		}
		if running[c.name], err = startProcess(p.of(c), c, o.profile); err != nil {
			delete(running, c.name)
			return err
		}
	}
	for _, bc := range cases {
		for i := range contenders {
			c := contenders[(i+round)%len(contenders)] // nobody is always first
			proc := running[c.name]
			if proc == nil || !o.run.MatchString(bc.name+"/"+c.name) {
				continue
			}
			got, err := proc.measure(bc, o.spell)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", bc.name, c.name, err)
			}
			s.add(bc, c, got)
		}
	}
	return nil
}

// wants says whether any case is to be measured with the contender.
func (o *options) wants(c contender) bool {
	for _, bc := range cases {
		if o.run.MatchString(bc.name + "/" + c.name) {
			return true
		}
	}
	return false
}

func (s series) add(bc benchCase, c contender, got sample) {
	if s[bc.name] == nil {
		s[bc.name] = make(map[string][]sample)
	}
	s[bc.name][c.name] = append(s[bc.name][c.name], got)
}
