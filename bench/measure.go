package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// operation does the case's thing once, as one caller.
type operation func(ctx context.Context) error

// sample is what one measurement gives.
type sample struct {
	Ops     uint64     `json:"ops"`
	Seconds float64    `json:"seconds"`
	Times   *histogram `json:"times"`
	// Mallocs and CPU are of both processes, the latter ns of user and system time; CPU
	// is 0 where the system does not tell.
	Mallocs uint64 `json:"mallocs"`
	CPU     uint64 `json:"cpu_ns"`
	Idle    *idle  `json:"idle,omitempty"`
}

// spent is what processes have used up so far.
type spent struct{ mallocs, cpu uint64 }

// measureCase measures a case whose caller i is callers(i).
func measureCase(bc benchCase, callers func(int) caller, warmUp, d time.Duration, usage func() (spent, error)) (sample, error) {
	ops := make([]operation, bc.callers)
	for i := range ops {
		if ops[i] = callers(i).operation(bc); ops[i] == nil {
			return sample{}, fmt.Errorf("%q is not for this transport", bc.name)
		}
	}
	return bc.measure(context.Background(), ops, warmUp, d, usage)
}

// measure applies the case's load for about d. usage tells what host and guest have
// used up; it is asked before and after.
func (bc benchCase) measure(ctx context.Context, ops []operation, warmUp, d time.Duration, usage func() (spent, error)) (sample, error) {
	apply, err := bc.loadOf(ctx, ops, warmUp, d)
	if err != nil {
		return sample{}, err
	}
	runtime.GC()
	before, err := usage()
	if err != nil {
		return sample{}, err
	}
	began := time.Now()
	done, times, err := apply()
	took := time.Since(began)
	if err != nil {
		return sample{}, err
	}
	after, err := usage()
	return sample{
		Ops: done, Seconds: took.Seconds(), Times: times,
		Mallocs: after.mallocs - before.mallocs, CPU: after.cpu - before.cpu,
	}, err
}

// applied is a load: it says how many operations it did, and how long those took that
// count.
type applied func() (ops uint64, times *histogram, err error)

// loadOf gives what is to be measured, after a warm-up.
func (bc benchCase) loadOf(ctx context.Context, ops []operation, warmUp, d time.Duration) (applied, error) {
	if _, err := newChorus(ops).repeat(ctx, warmUp); err != nil {
		return nil, err
	}
	switch bc.load {
	case sporadic:
		times := new(histogram)
		return func() (uint64, *histogram, error) {
			err := repeatApart(ctx, ops[0], bc.gap, d, times)
			return times.total, times, err
		}, nil
	case halfOpen:
		saturated, err := newChorus(ops).repeat(ctx, d)
		if err != nil {
			return nil, err
		}
		s := newSchedule(2*d/time.Duration(saturated.total), d)
		return func() (uint64, *histogram, error) {
			done, err := s.keep(ctx, ops[0], newWatch())
			return done, &s.times, err
		}, nil
	}
	all := newChorus(ops)
	return func() (uint64, *histogram, error) {
		times, err := all.repeat(ctx, d)
		return times.total, times, err
	}, nil
}

// chorus is callers that do their operations all at once.
type chorus struct {
	callers []operation
	times   []histogram // made before it is measured
	errs    []error
}

func newChorus(callers []operation) *chorus {
	return &chorus{callers, make([]histogram, len(callers)), make([]error, len(callers))}
}

// repeat has every caller repeat its operation for about d, once for a chorus.
func (c *chorus) repeat(ctx context.Context, d time.Duration) (*histogram, error) {
	began := time.Now()
	var all sync.WaitGroup
	for i, op := range c.callers {
		all.Go(func() { c.errs[i] = repeat(ctx, op, began, d, &c.times[i]) })
	}
	all.Wait()
	for i := range c.times[1:] {
		c.times[0].merge(&c.times[i+1])
	}
	return &c.times[0], errors.Join(c.errs...)
}

// repeat does op at least once, and again until d has passed since began. One reading
// of the clock ends an operation and starts the next.
func repeat(ctx context.Context, op operation, began time.Time, d time.Duration, times *histogram) error {
	start := time.Since(began)
	for start < d || times.total == 0 {
		if err := op(ctx); err != nil {
			return err
		}
		end := time.Since(began)
		times.add(end - start)
		start = end
	}
	return nil
}

// repeatApart does op at least once, and again until d has passed; gap lies before
// each and does not count.
func repeatApart(ctx context.Context, op operation, gap, d time.Duration, times *histogram) error {
	for began := time.Now(); time.Since(began) < d || times.total == 0; {
		nap(gap)
		start := time.Now()
		if err := op(ctx); err != nil {
			return err
		}
		times.add(time.Since(start))
	}
	return nil
}
