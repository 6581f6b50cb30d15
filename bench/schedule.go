package main

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"
)

// schedule is an open loop: an operation every interval, for windows of equal length. It
// begins before the first window, by one: how the programs get going, after the garbage
// collection and the questions of the measurement itself, does not count.
type schedule struct {
	interval, window time.Duration
	windows          []histogram
}

// A window is long enough for leastDue operations and leastWindow. So what a machine does
// once or twice a second, for a millisecond at a time, is not what is typical.
const (
	leastDue    = 2000
	leastWindow = 50 * time.Millisecond
)

// newSchedule makes one whose windows last for d.
func newSchedule(interval, d time.Duration) *schedule {
	interval = min(max(interval, 1), d)
	n := max(1, d/max(leastWindow, leastDue*interval))
	return &schedule{interval: interval, window: d / n, windows: make([]histogram, n)}
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
	intended, end := time.Duration(0), s.window
	for i := -1; i < len(s.windows); i++ {
		for ; intended < end; intended += s.interval {
			w.await(intended)
			if err := op(ctx); err != nil {
				return done, err
			}
			done++
			if i >= 0 {
				s.windows[i].add(w.now() - intended)
			}
		}
		end += s.window
	}
	return done, nil
}

// typical is the middle one of the windows by their p99.9.
func (s *schedule) typical() *histogram {
	slices.SortFunc(s.windows, func(a, b histogram) int {
		return cmp.Compare(a.quantile(0.999), b.quantile(0.999))
	})
	return &s.windows[(len(s.windows)-1)/2]
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
