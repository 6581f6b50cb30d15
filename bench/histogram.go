package main

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"time"
)

// histogram counts durations in steps of less than 1 % of their size, without
// allocating. The zero value is empty.
type histogram struct {
	counts [histogramSteps]uint64
	total  uint64
}

// A duration below 2^stepBits ns has a step of its own; every doubling above is cut
// into 2^stepBits steps.
const (
	stepBits       = 7
	histogramSteps = (64 - stepBits + 1) << stepBits
)

func (h *histogram) add(d time.Duration) {
	h.counts[stepOf(uint64(max(d, 0)))]++
	h.total++
}

func stepOf(ns uint64) int {
	shift := max(0, bits.Len64(ns)-stepBits-1)
	return shift<<stepBits + int(ns>>shift)
}

// middle is the middle of a step, ns.
func middle(step int) float64 {
	shift := max(0, step>>stepBits-1)
	low := uint64(step-shift<<stepBits) << shift
	return float64(low) + float64(uint64(1)<<shift-1)/2
}

// merge adds what other counted.
func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
}

// quantile is the duration in ns that the share q of all does not exceed, 0 of an
// empty histogram.
func (h *histogram) quantile(q float64) float64 {
	left := uint64(q * float64(h.total))
	for i, n := range h.counts {
		if left < n {
			return middle(i)
		}
		left -= n
	}
	return 0
}

// MarshalJSON gives the steps that were met, each with its count after it.
func (h *histogram) MarshalJSON() ([]byte, error) {
	pairs := []uint64{}
	for i, n := range h.counts {
		if n > 0 {
			pairs = append(pairs, uint64(i), n)
		}
	}
	return json.Marshal(pairs)
}

// UnmarshalJSON adds what MarshalJSON gave.
func (h *histogram) UnmarshalJSON(text []byte) error {
	var pairs []uint64
	if err := json.Unmarshal(text, &pairs); err != nil {
		return err
	}
	if len(pairs)%2 != 0 {
		return fmt.Errorf("histogram of %d numbers, want pairs", len(pairs))
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] >= histogramSteps {
			return fmt.Errorf("histogram step %d, there are %d", pairs[i], histogramSteps)
		}
		h.counts[pairs[i]] += pairs[i+1]
		h.total += pairs[i+1]
	}
	return nil
}
