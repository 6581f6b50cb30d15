package main

import (
	"context"
	"runtime"
	"time"
)

// keepSchedule does op every interval for d, as if callers came at those times and were
// served one after another. An operation's duration is counted from when it should have
// started: one that is late because another took long has waited, as its caller would
// have. Counting from when it did start would leave the waiting out (coordinated
// omission).
//
// There is one goroutine, since more would have to wait for their times asleep, which
// the Go scheduler does to a millisecond, or by spinning on as many CPUs.
func keepSchedule(ctx context.Context, op operation, interval, d time.Duration, w watch, times *histogram) error {
	for intended := time.Duration(0); intended < d; intended += max(interval, 1) {
		w.await(intended)
		if err := op(ctx); err != nil {
			return err
		}
		times.add(w.now() - intended)
	}
	return nil
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
