package main

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStepsAreInOrderAndLessThanOnePercentWide(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		ns := random.Uint64() >> (1 + random.IntN(63))
		assert.LessOrEqual(t, stepOf(ns), stepOf(ns+1))
		assert.Less(t, stepOf(ns), histogramSteps)
		assert.InDelta(t, float64(ns), middle(stepOf(ns)), float64(ns)/128)
	}
}

func TestQuantilesOfMergedHistograms(t *testing.T) {
	var odd, even histogram
	for i := 1; i <= 10_000; i += 2 {
		odd.add(time.Duration(i) * time.Microsecond)
		even.add(time.Duration(i+1) * time.Microsecond)
	}
	odd.merge(&even)
	assert.EqualValues(t, 10_000, odd.total)
	assert.InEpsilon(t, 5000e3, odd.quantile(0.5), 0.01)
	assert.InEpsilon(t, 9900e3, odd.quantile(0.99), 0.01)
	assert.InEpsilon(t, 9990e3, odd.quantile(0.999), 0.01)
	assert.Zero(t, new(histogram).quantile(0.5))
}

func TestQuantileSeesOneInAThousand(t *testing.T) {
	var h histogram
	for range 998 {
		h.add(time.Microsecond)
	}
	h.add(time.Millisecond)
	h.add(time.Millisecond)
	assert.InEpsilon(t, 1e3, h.quantile(0.99), 0.01)
	assert.InEpsilon(t, 1e6, h.quantile(0.999), 0.01)
}

func TestHistogramSurvivesJSON(t *testing.T) {
	h := histogramOf(0, 1, 300, 300, 70_000_000_000)
	text, err := json.Marshal(h)
	require.NoError(t, err)
	var got histogram
	require.NoError(t, json.Unmarshal(text, &got))
	assert.Equal(t, h, &got)
}

func TestHistogramRefusesUnknownSteps(t *testing.T) {
	for _, text := range []string{`[1]`, `[999999, 1]`, `{}`} {
		assert.Error(t, new(histogram).UnmarshalJSON([]byte(text)), text)
	}
}

// histogramOf counts durations in ns.
func histogramOf(durations ...time.Duration) *histogram {
	h := new(histogram)
	for _, d := range durations {
		h.add(d)
	}
	return h
}
