package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSpreadIsMedianAndRange(t *testing.T) {
	value := func(v float64) float64 { return v }
	assert.Equal(t, spread{low: 1, mid: 3, high: 9}, spreadOf([]float64{9, 1, 3}, value))
	assert.Equal(t, spread{low: 1, mid: 2.5, high: 9}, spreadOf([]float64{9, 2, 1, 3}, value))
}

func TestRatiosAreTakenWithinARound(t *testing.T) {
	latency, rate := cases[0], cases[2]
	require.Equal(t, p50, latency.about)
	require.Equal(t, callsPerSec, rate.about)
	s := make(series)
	for _, slow := range []float64{1, 10} { // the machine is ten times slower in the second round
		s.add(latency, roamCgo, sample{Ops: 1, P50: 1000 * slow})
		s.add(latency, bareUnix, sample{Ops: 1, P50: 4000 * slow})
		s.add(rate, roamCgo, sample{Ops: 600, Seconds: slow})
		s.add(rate, bareUnix, sample{Ops: 200, Seconds: slow})
	}
	r := makeReport(environment{}, s)
	require.Len(t, r.Ratios, 2)
	assert.Equal(t, spread{4, 4, 4}, spread{r.Ratios[0].Low, r.Ratios[0].Value, r.Ratios[0].High})
	assert.Equal(t, spread{3, 3, 3}, spread{r.Ratios[1].Low, r.Ratios[1].Value, r.Ratios[1].High})
}
