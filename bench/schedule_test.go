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

func TestLateOperationsCountFromTheirIntendedStart(t *testing.T) {
	var c slowOnce
	got := new(histogram)
	require.NoError(t, keepSchedule(t.Context(), c.operation, 2*time.Microsecond, 24*time.Microsecond, c.watch(), got))
	const us = time.Microsecond
	// Every 2 us one is due. The first takes 10 us; those that were due meanwhile follow
	// each other, each 1 us closer to its time, until one is in time again.
	assert.Equal(t, histogramOf(10*us, 9*us, 8*us, 7*us, 6*us, 5*us, 4*us, 3*us, 2*us, 1*us, 1*us, 1*us), got)
	assert.Equal(t, []time.Duration{0, 10 * us, 11 * us, 12 * us, 13 * us}, c.starts[:5])
	assert.Equal(t, 22*us, c.starts[11])
}

func TestScheduleEndsWithTheFirstError(t *testing.T) {
	var c slowOnce
	broken := errors.New("broken")
	err := keepSchedule(t.Context(), func(context.Context) error { return broken }, 1, 10, c.watch(), new(histogram))
	assert.Equal(t, broken, err)
}
