package main

import (
	"context"
	"runtime"
	"time"
)

// schedule is an open loop: an operation every interval. Those of a second spell of the same
// length count: how the programs get going, after the garbage collection and the questions of
// the measurement itself, does not.
type schedule struct {
	interval, spell time.Duration
	times           histogram
}

// newSchedule makes one whose spells last for d.
func newSchedule(interval, d time.Duration) *schedule {
	return &schedule{interval: min(max(interval, 1), d), spell: d}
}

// keep does op at those times, as if callers came then and were served one after another,
// and says how many it did. An operation's duration is counted from when it should have
// started: one that is late because another took long has waited, as its caller would
// have. Counting from when it did start would leave the waiting out (coordinated
// omission).
//
// There is one goroutine, since more would have to wait for their times asleep, which
// the Go scheduler does to a millisecond, or by spinning on as many CPUs.
func (s *schedule) keep(ctx context.Context, op operation, w watch) (done uint64, err error) {
	for intended := time.Duration(0); intended < 2*s.spell; intended += s.interval {
		w.await(intended)
		if err := op(ctx); err != nil {
			return done, err
		}
		done++
		if intended >= s.spell {
			s.times.add(w.now() - intended)
		}
	}
	return done, nil
}

// watch tells the time since some moment.
type watch struct {
	now func() time.Duration
	// await returns at the time t, or at once when it has passed.
	await func(t time.Duration)
}

// newWatch starts a watch that spins: no sleep ends to a microsecond. With a single
// processor for goroutines it lets others run meanwhile.
func newWatch() watch {
	began := time.Now()
	alone := runtime.GOMAXPROCS(0) == 1
	return watch{
		now: func() time.Duration { return time.Since(began) },
		await: func(t time.Duration) {
			for time.Since(began) < t {
				if alone {
					runtime.Gosched()
				}
			}
		},
	}
}
