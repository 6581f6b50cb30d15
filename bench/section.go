package main

import (
	"fmt"
	"html/template"

	"gonum.org/v1/plot/plotter"
)

// section is some charts under a heading.
type section struct {
	Title  string
	Charts []chart
}

type chart struct {
	Title   string
	Picture template.HTML
}

// sections are the charts of what was measured.
func (r report) sections() ([]section, error) {
	var all []section
	for _, s := range []struct {
		title  string
		charts []sketch
	}{
		{"Latency", []sketch{
			r.quantiles(smallCall), r.distribution(smallCall), r.quantiles(every200us), r.quantiles(every10ms),
		}},
		{"Latency at half load", []sketch{r.quantiles(halfLoad), r.distribution(halfLoad)}},
		{"Rate", []sketch{r.callers(), r.rates(smallCall64), r.guests()}},
		{"Large payloads and streams", []sketch{r.bandwidth(largeCall), r.bandwidth(upLarge), r.bandwidth(downLarge),
			r.rates(upSmall)}},
		{"What a call takes", []sketch{r.cpu(smallCall), r.allocations(smallCall)}},
	} {
		made := section{Title: s.title}
		for _, draw := range s.charts {
			if draw.picture == nil {
				continue
			}
			picture, err := draw.picture()
			if err != nil {
				return nil, fmt.Errorf("chart %q: %w", draw.title, err)
			}
			made.Charts = append(made.Charts, chart{draw.title, picture})
		}
		if len(made.Charts) > 0 {
			all = append(all, made)
		}
	}
	return all, nil
}

// sketch is a chart that can be drawn, or cannot for lack of rows: then it has no
// picture.
type sketch struct {
	title   string
	picture func() (template.HTML, error)
}

// sketch is one of the rows of a case.
func (r report) sketch(title string, bc benchCase, draw func([]*row) (template.HTML, error)) sketch {
	rows := r.rowsOf(bc)
	if len(rows) == 0 {
		return sketch{}
	}
	return sketch{title, func() (template.HTML, error) { return draw(rows) }}
}

func (r report) quantiles(bc benchCase) sketch { return r.sketch(bc.name, bc, quantileChart) }

func (r report) distribution(bc benchCase) sketch {
	return r.sketch("Distribution: "+bc.name, bc, distributionChart)
}

func (r report) rates(bc benchCase) sketch {
	return r.bars(bc, "a second", func(r *row) float64 { return r.CallsPerSec }, rounded)
}

func (r report) bandwidth(bc benchCase) sketch {
	return r.bars(bc, "GB/s", func(r *row) float64 { return r.BytesPerSec / 1e9 }, number)
}

func (r report) cpu(bc benchCase) sketch {
	return r.bars(bc, "CPU time of both processes, a call", func(r *row) float64 { return r.CPUPerOp }, duration)
}

func (r report) allocations(bc benchCase) sketch {
	return r.bars(bc, "allocations of both processes, a call", func(r *row) float64 { return r.AllocsPerOp }, number)
}

func (r report) bars(bc benchCase, label string, value func(*row) float64, text func(float64) string) sketch {
	return r.sketch(bc.name, bc, func(rows []*row) (template.HTML, error) { return barChart(rows, label, value, text) })
}

// callers is how calls a second grow with callers.
func (r report) callers() sketch {
	return r.growth("unary 32 B, by callers", "callers", func(bc benchCase) (float64, bool) {
		return float64(bc.callers), bc.method == callBytes && bc.payload == smallPayload && bc.load == closed && bc.where == anywhere
	})
}

// guests is how calls a second grow with guests.
func (r report) guests() sketch {
	return r.growth("unary add, by guests", "guests, one caller each", func(bc benchCase) (float64, bool) {
		return float64(bc.guests), bc.where == crowded && bc.ps == halfOfThem
	})
}

// growth is calls a second over what by gives of the cases that it wants.
func (r report) growth(title, label string, by func(benchCase) (float64, bool)) sketch {
	var curves []curve
	for _, c := range contenders {
		var points plotter.XYs
		for _, row := range r.rowsBy(c) {
			if x, ok := by(row.about); ok {
				points = append(points, plotter.XY{X: x, Y: row.CallsPerSec})
			}
		}
		if len(points) > 1 {
			curves = append(curves, curve{c.name, points})
		}
	}
	if len(curves) == 0 {
		return sketch{}
	}
	return sketch{title, func() (template.HTML, error) { return growthChart(label, curves) }}
}
