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
	s := newSchedule(2*us, 12*us)
	done, err := s.keep(t.Context(), c.operation, c.watch())
	require.NoError(t, err)
	assert.EqualValues(t, 12, done)
	// Every 2 us one is due. The first takes 10 us; those that were due meanwhile follow
	// each other, each 1 us closer to its time, until one is in time again. The first six do
	// not count.
	assert.Equal(t, *histogramOf(4*us, 3*us, 2*us, 1*us, 1*us, 1*us), s.times)
	assert.Equal(t, []time.Duration{0, 10 * us, 11 * us, 12 * us, 13 * us}, c.starts[:5])
	assert.Equal(t, 22*us, c.starts[11])
}

func TestScheduleIsNeverEmpty(t *testing.T) {
	for _, x := range []struct{ interval, d, want time.Duration }{
		{interval: us, d: 150 * us, want: us},
		{interval: 2 * time.Millisecond, d: time.Millisecond, want: time.Millisecond},
		{interval: 0, d: us, want: 1},
	} {
		assert.Equal(t, x.want, newSchedule(x.interval, x.d).interval, x)
	}
}

func TestScheduleEndsWithTheFirstError(t *testing.T) {
	var c slowOnce
	broken := errors.New("broken")
	_, err := newSchedule(1, 10).keep(t.Context(), func(context.Context) error { return broken }, c.watch())
	assert.Equal(t, broken, err)
}
