package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
)

// report is the outcome of a run.
type report struct {
	Env    environment `json:"env"`
	Rows   []row       `json:"rows"`
	Ratios []ratio     `json:"ratios"`

	ours contender // what the ratios are about
}

// row is one case with one contender: medians over the rounds. What is per operation or
// second counts calls, or the items of a stream; the durations of a stream are those
// of the whole of it.
type row struct {
	Case        string  `json:"case"`
	Contender   string  `json:"contender"`
	P50         float64 `json:"p50_ns"`
	P99         float64 `json:"p99_ns"`
	P999        float64 `json:"p999_ns"`
	CallsPerSec float64 `json:"calls_per_s"`
	BytesPerSec float64 `json:"bytes_per_s"`   // of payload, both directions together
	AllocsPerOp float64 `json:"allocs_per_op"` // of both processes; of many guests, the host's
	CPUPerOp    float64 `json:"cpu_ns_per_op"` // of all processes
	Rounds      int     `json:"rounds"`

	about benchCase
	span  spread    // of the figure that the case is about
	times histogram // of all rounds
}

func makeReport(env environment, s series) report {
	r := report{Env: env, ours: s.ours()}
	for _, bc := range cases {
		for _, c := range contenders {
			samples := s.of(bc, c)
			if len(samples) == 0 {
				continue
			}
			r.Rows = append(r.Rows, makeRow(bc, c, samples))
			if idle := middleIdle(samples); idle != nil {
				r.Env.Idle = append(r.Env.Idle, idleRow{c.name, *idle})
			}
		}
	}
	r.Ratios = ratiosOf(s, rulesFor(r.ours))
	return r
}

func makeRow(bc benchCase, c contender, samples []sample) row {
	mid := func(f func(sample) float64) float64 { return spreadOf(samples, f).mid }
	perOp := func(n uint64, s sample) float64 { return float64(n) / float64(s.Ops) / float64(bc.items) }
	r := row{
		Case: bc.name, Contender: c.name, Rounds: len(samples),
		P50:         mid(func(s sample) float64 { return s.Times.quantile(0.50) }),
		P99:         mid(func(s sample) float64 { return s.Times.quantile(0.99) }),
		P999:        mid(func(s sample) float64 { return s.Times.quantile(0.999) }),
		CallsPerSec: mid(func(s sample) float64 { return bc.value(callsPerSec, s) }),
		BytesPerSec: mid(func(s sample) float64 { return bc.value(bytesPerSec, s) }),
		AllocsPerOp: mid(func(s sample) float64 { return perOp(s.Mallocs, s) }),
		CPUPerOp:    mid(func(s sample) float64 { return perOp(s.CPU, s) }),
		about:       bc,
		span:        spreadOf(samples, func(s sample) float64 { return bc.value(bc.about, s) }),
	}
	for _, s := range samples {
		r.times.merge(s.Times)
	}
	return r
}

// P99Text and P999Text are empty where a round had too few operations to say.
func (r *row) P99Text() string  { return r.tail(0.99, r.P99) }
func (r *row) P999Text() string { return r.tail(0.999, r.P999) }

func (r *row) tail(q, value float64) string {
	if !r.tells(q) {
		return ""
	}
	return duration(value)
}

// tells says that a round had enough operations for some to take longer than the share q.
func (r *row) tells(q float64) bool { return (1-q)*float64(r.times.total) >= float64(r.Rounds) }

// value is one figure of a sample.
func (bc benchCase) value(f figure, s sample) float64 {
	switch f {
	case p50:
		return s.Times.quantile(0.5)
	case bytesPerSec:
		return float64(s.Ops) * float64(bc.bytes) / s.Seconds
	}
	return float64(s.Ops) * float64(bc.items) / s.Seconds
}

// middleIdle is the medians of what was seen while nobody called, nil when nobody
// looked.
func middleIdle(samples []sample) *idle {
	var seen []*idle
	for _, s := range samples {
		if s.Idle != nil {
			seen = append(seen, s.Idle)
		}
	}
	if len(seen) == 0 {
		return nil
	}
	mid := func(f func(*idle) float64) float64 { return spreadOf(seen, f).mid }
	return &idle{
		Guests:  seen[0].Guests,
		CPU:     mid((*idle).cpu),
		Threads: int(mid((*idle).osThreads)),
		Heap:    mid(func(i *idle) float64 { return i.Heap }),
	}
}

// row finds one, nil where nothing was measured.
func (r *report) row(bc benchCase, c contender) *row {
	for i := range r.Rows {
		if r.Rows[i].Case == bc.name && r.Rows[i].Contender == c.name {
			return &r.Rows[i]
		}
	}
	return nil
}

// spread is the median of some values, and where the middle half of them lies. Of three or
// fewer it is their range.
type spread struct{ low, mid, high float64 }

func spreadOf[T any](of []T, value func(T) float64) spread {
	values := make([]float64, len(of))
	for i, v := range of {
		values[i] = value(v)
	}
	slices.Sort(values)
	n := len(values)
	quarter := 0 // of them that are left out at either end
	if n > 3 {
		quarter = (n + 1) / 4
	}
	return spread{low: values[quarter], mid: (values[(n-1)/2] + values[n/2]) / 2, high: values[n-1-quarter]}
}

// write prints the report and writes the files that were asked for.
func (r report) write(o *options, stdout io.Writer) error {
	err := r.print(stdout)
	if o.json != "" {
		err = errors.Join(err, writeFile(o.json, r.writeJSON))
	}
	if o.html != "" {
		err = errors.Join(err, writeFile(o.html, r.writeHTML))
	}
	return err
}

func (r report) writeJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
