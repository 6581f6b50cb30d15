package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slowOnce is a clock, and an operation that takes 1 us of it, but the first one 10 us.
type slowOnce struct {
	at     time.Duration
	starts []time.Duration
}

func (c *slowOnce) watch() watch {
	return watch{
		now:   func() time.Duration { return c.at },
		await: func(t time.Duration) { c.at = max(c.at, t) },
	}
}

func (c *slowOnce) operation(context.Context) error {
	c.starts = append(c.starts, c.at)
	if len(c.starts) == 1 {
		c.at += 9 * time.Microsecond
	}
	c.at += time.Microsecond
	return nil
}

const us = time.Microsecond

func TestLateOperationsCountFromTheirIntendedStart(t *testing.T) {
	var c slowOnce
	s := &schedule{interval: 2 * us, window: 12 * us, windows: make([]histogram, 2)}
	done, err := s.keep(t.Context(), c.operation, c.watch())
	require.NoError(t, err)
	assert.EqualValues(t, 18, done)
	// Every 2 us one is due. The first takes 10 us; those that were due meanwhile follow
	// each other, each 1 us closer to its time, until one is in time again. The first six do
	// not count.
	assert.Equal(t, *histogramOf(4*us, 3*us, 2*us, 1*us, 1*us, 1*us), s.windows[0])
	assert.Equal(t, *histogramOf(1*us, 1*us, 1*us, 1*us, 1*us, 1*us), s.windows[1])
	assert.Equal(t, []time.Duration{0, 10 * us, 11 * us, 12 * us, 13 * us}, c.starts[:5])
	assert.Equal(t, 34*us, c.starts[17])
}

func TestTheMiddleWindowIsTypical(t *testing.T) {
	s := &schedule{windows: []histogram{
		*histogramOf(9 * us), *histogramOf(1 * us), *histogramOf(3 * us), *histogramOf(5 * us),
	}}
	assert.Equal(t, histogramOf(3*us), s.typical())
}

func TestWindowsAreLongEnough(t *testing.T) {
	for _, x := range []struct {
		interval, d, window time.Duration
		windows             int
	}{
		{interval: us, d: 150 * time.Millisecond, windows: 3, window: 50 * time.Millisecond},
		{interval: us, d: 120 * time.Millisecond, windows: 2, window: 60 * time.Millisecond},
		{interval: us, d: time.Millisecond, windows: 1, window: time.Millisecond},
		{interval: 50 * us, d: 500 * time.Millisecond, windows: 5, window: 100 * time.Millisecond},
		{interval: 2 * time.Millisecond, d: time.Millisecond, windows: 1, window: time.Millisecond},
		{interval: 0, d: 50 * time.Millisecond, windows: 1, window: 50 * time.Millisecond},
	} {
		s := newSchedule(x.interval, x.d)
		assert.Equal(t, x.windows, len(s.windows), x)
		assert.Equal(t, x.window, s.window, x)
		assert.Positive(t, s.interval)
		assert.LessOrEqual(t, s.interval, s.window, x)
	}
}

func TestScheduleEndsWithTheFirstError(t *testing.T) {
	var c slowOnce
	broken := errors.New("broken")
	_, err := newSchedule(1, 10).keep(t.Context(), func(context.Context) error { return broken }, c.watch())
	assert.Equal(t, broken, err)
}
