package main

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// operation does the case's thing once, as one caller.
type operation func(ctx context.Context) error

// sample is what one measurement gives.
type sample struct {
	Ops     uint64  `json:"ops"`
	Seconds float64 `json:"seconds"`
	P50     float64 `json:"p50_ns"`
	P99     float64 `json:"p99_ns"`
	Mallocs uint64  `json:"mallocs"` // of the host process
}

// measure has every caller repeat its operation for about d.
func measure(ctx context.Context, callers []operation, d time.Duration) (sample, error) {
	times := make([]histogram, len(callers))
	errs := make([]error, len(callers))
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	var all sync.WaitGroup
	for i, op := range callers {
		all.Go(func() { errs[i] = repeat(ctx, op, began, d, &times[i]) })
	}
	all.Wait()
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	for i := range times[1:] {
		times[0].merge(&times[i+1])
	}
	return sample{
		Ops: times[0].total, Seconds: took.Seconds(),
		P50: times[0].quantile(0.50), P99: times[0].quantile(0.99),
		Mallocs: after.Mallocs - before.Mallocs,
	}, errors.Join(errs...)
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
