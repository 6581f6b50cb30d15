package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRatiosAreTakenWithinARound(t *testing.T) {
	s := make(series)
	for round, slow := range []time.Duration{1, 10} { // the machine is ten times slower in the second round
		s.add(smallCall, roamCgo, round, sample{Ops: 600, Seconds: float64(slow), Times: histogramOf(2000 * slow)})
		s.add(smallCall, bareUnix, round, sample{Ops: 200, Seconds: float64(slow), Times: histogramOf(8000 * slow)})
		s.add(smallCall, spinFloor, round, sample{Times: histogramOf(100 * slow)})
		s.add(smallCall, loopback, round, sample{Times: histogramOf(300 * slow)})
	}
	for _, r := range []struct {
		rule
		want float64
	}{
		{rule{of: p50Of(smallCall, bareUnix), over: p50Of(smallCall, roamCgo)}, 4},
		{rule{of: rateOf(smallCall, roamCgo), over: rateOf(smallCall, bareUnix)}, 3},
		{rule{of: p50Of(smallCall, roamCgo), over: sum(p50Of(smallCall, spinFloor), p50Of(smallCall, loopback))}, 5},
	} {
		got, ok := r.ratio(s)
		require.True(t, ok)
		assert.InEpsilon(t, r.want, got.span.low, 0.01)
		assert.InEpsilon(t, r.want, got.Value, 0.01)
		assert.InEpsilon(t, r.want, got.span.high, 0.01)
	}
}

func TestRatioIsTheMedianOfTheRoundsThatHaveBoth(t *testing.T) {
	s := make(series)
	for round, rate := range []uint64{10, 90, 20, 30} {
		s.add(smallCall, roamCgo, round, sample{Ops: rate, Seconds: 1, Times: histogramOf(1)})
		if round != 1 {
			s.add(smallCall, grpcUnix, round, sample{Ops: 10, Seconds: 1, Times: histogramOf(1)})
		}
	}
	got, ok := rule{of: rateOf(smallCall, roamCgo), over: rateOf(smallCall, grpcUnix)}.ratio(s)
	require.True(t, ok)
	assert.Equal(t, spread{1, 2, 3}, got.span)
	assert.Equal(t, 2.0, got.Value)
}

func TestThereIsNoRatioOfWhatWasNotMeasured(t *testing.T) {
	s := make(series)
	s.add(smallCall, roamCgo, 0, sample{Ops: 1, Seconds: 1, Times: histogramOf(1)})
	assert.Empty(t, ratiosOf(s, rulesFor(s.ours())))
}

func TestFloorIsTheLeastOrTheMost(t *testing.T) {
	for _, c := range []struct {
		rule
		value   float64
		holds   bool
		verdict string
	}{
		{rule{goal: 20, floor: 10}, 25, true, "goal"},
		{rule{goal: 20, floor: 10}, 10, true, "yes"},
		{rule{goal: 20, floor: 10}, 9.9, false, "NO"},
		{rule{goal: 1.3, floor: 2}, 1.3, true, "goal"},
		{rule{goal: 1.3, floor: 2}, 2, true, "yes"},
		{rule{goal: 1.3, floor: 2}, 2.1, false, "NO"},
		{rule{goal: 100, floor: 100}, 100, true, "goal"},
		{rule{goal: 100, floor: 100}, 101, false, "NO"},
		{rule{slack: runtimeAllocs}, 0.001, true, "goal"},
		{rule{slack: runtimeAllocs}, 1, false, "NO"},
	} {
		assert.Equal(t, c.holds, c.rule.holds(c.value), "%+v", c)
		got := ratio{Value: c.value, Goal: c.goal, Floor: c.floor, Holds: c.holds}
		assert.Equal(t, c.verdict, got.Verdict(), "%+v", c)
	}
}

func TestThreadsThatGrowWithGuestsAreSeen(t *testing.T) {
	s := make(series)
	s.add(guests16, roamCgo, 0, sample{Times: histogramOf(1), Idle: &idle{Threads: 10}})
	s.add(guests255, roamCgo, 0, sample{Times: histogramOf(1), Idle: &idle{Threads: 249}})
	grown, ok := threadGrowth(roamCgo).value(s, 0)
	require.True(t, ok)
	assert.Equal(t, 1.0, grown)
}

func TestOursIsTheDefaultEngineWhereItWasMeasured(t *testing.T) {
	s := make(series)
	s.add(smallCall, roamGo, 0, sample{})
	assert.Equal(t, roamGo.name, s.ours().name)
	s.add(smallCall, roamCgo, 0, sample{})
	assert.Equal(t, roamCgo.name, s.ours().name)
}
