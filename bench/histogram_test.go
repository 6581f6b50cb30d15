package main

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
	for i := 1; i <= 1000; i += 2 {
		odd.add(time.Duration(i) * time.Microsecond)
		even.add(time.Duration(i+1) * time.Microsecond)
	}
	odd.merge(&even)
	assert.EqualValues(t, 1000, odd.total)
	assert.InEpsilon(t, 500e3, odd.quantile(0.5), 0.01)
	assert.InEpsilon(t, 990e3, odd.quantile(0.99), 0.01)
	assert.Zero(t, new(histogram).quantile(0.5))
}
