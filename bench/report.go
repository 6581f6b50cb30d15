package main

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
)

// report is the outcome of a run.
type report struct {
	Env    environment `json:"env"`
	Rows   []row       `json:"rows"`
	Ratios []ratio     `json:"ratios"`
}

// row is one case with one contender: medians over the rounds.
type row struct {
	Case        string  `json:"case"`
	Contender   string  `json:"contender"`
	P50         float64 `json:"p50_ns"`
	P99         float64 `json:"p99_ns"`
	CallsPerSec float64 `json:"calls_per_s,omitempty"` // not of streams
	BytesPerSec float64 `json:"bytes_per_s,omitempty"` // of payload, both directions together
	// AllocsPerOp counts the host's side only: a call, or an item of a stream.
	AllocsPerOp float64 `json:"allocs_per_op"`
	Rounds      int     `json:"rounds"`
	// About names the figure that the case is about; Low and High are its range.
	About figure  `json:"about"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// ratio is how many times as good one contender is as another in a case: the median
// and range of the ratios within each round.
type ratio struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`

	of, over string // contenders
	inCase   string
}

func makeReport(env environment, s series) report {
	r := report{Env: env}
	for _, bc := range cases {
		for _, c := range contenders {
			if samples := s[bc.name][c.name]; len(samples) > 0 {
				r.Rows = append(r.Rows, makeRow(bc, c, samples))
			}
		}
		for _, c := range contenders {
			r.addRatio(s, bc, c, bareUnix)
		}
		r.addRatio(s, bc, roamCgo, roamGo)
	}
	return r
}

func makeRow(bc benchCase, c contender, samples []sample) row {
	mid := func(f func(sample) float64) float64 { return spreadOf(samples, f).mid }
	about := spreadOf(samples, func(s sample) float64 { return bc.value(bc.about, s) })
	r := row{
		Case: bc.name, Contender: c.name, Rounds: len(samples),
		P50: mid(func(s sample) float64 { return s.P50 }), P99: mid(func(s sample) float64 { return s.P99 }),
		BytesPerSec: mid(func(s sample) float64 { return bc.value(bytesPerSec, s) }),
		AllocsPerOp: mid(func(s sample) float64 { return float64(s.Mallocs) / float64(s.Ops) / float64(bc.items) }),
		About:       bc.about, Low: about.low, High: about.high,
	}
	if bc.items == 1 {
		r.CallsPerSec = mid(func(s sample) float64 { return bc.value(callsPerSec, s) })
	}
	return r
}

// value is one figure of a sample.
func (bc benchCase) value(f figure, s sample) float64 {
	switch f {
	case p50:
		return s.P50
	case bytesPerSec:
		return float64(s.Ops) * float64(bc.bytes) / s.Seconds
	}
	return float64(s.Ops) / s.Seconds
}

// addRatio adds how c compares with other, where both were measured.
func (r *report) addRatio(s series, bc benchCase, c, other contender) {
	mine, theirs := s[bc.name][c.name], s[bc.name][other.name]
	if c == other || len(mine) == 0 || len(mine) != len(theirs) {
		return
	}
	ratios := make([]float64, len(mine))
	for i := range ratios {
		ratios[i] = bc.value(bc.about, mine[i]) / bc.value(bc.about, theirs[i])
		if bc.about == p50 {
			ratios[i] = 1 / ratios[i] // the shorter time is the better
		}
	}
	sp := spreadOf(ratios, func(v float64) float64 { return v })
	r.Ratios = append(r.Ratios, ratio{
		Name:  bc.name + ": " + c.name + " over " + other.name,
		Value: sp.mid, Low: sp.low, High: sp.high,
		of: c.name, over: other.name, inCase: bc.name,
	})
}

// spread is the median and the range of some values.
type spread struct{ low, mid, high float64 }

func spreadOf[T any](of []T, value func(T) float64) spread {
	values := make([]float64, len(of))
	for i, v := range of {
		values[i] = value(v)
	}
	slices.Sort(values)
	n := len(values)
	return spread{low: values[0], mid: (values[(n-1)/2] + values[n/2]) / 2, high: values[n-1]}
}

func (r *report) writeJSON(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	enc.SetIndent("", "  ")
	return errors.Join(enc.Encode(r), f.Close())
}
