package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed report.html
var pageText string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"duration": duration, "count": count, "megabytes": megabytes, "number": number,
	"kib":     func(bytes float64) string { return fmt.Sprintf("%.0f KiB", bytes/1024) },
	"percent": func(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) },
	"css":     func(c chip) template.CSS { return template.CSS(c.Colour) },
}).Parse(pageText))

// pageData is what the page shows.
type pageData struct {
	report
	Tiles    []tile
	Legend   []chip
	Sections []section
	Judged   []ratio // what must hold
	Engines  []ratio // the engines compared
	Tables   []caseTable
	Notes    string
}

// tile is one figure at the top.
type tile struct{ Value, Text string }

// chip is a contender with its colour.
type chip struct{ Name, Colour string }

// caseTable is all rows of a case.
type caseTable struct {
	Name string
	Rows []*row
}

// writeHTML writes the report as one page that needs nothing else.
func (r report) writeHTML(w io.Writer) error {
	sections, err := r.sections()
	if err != nil {
		return err
	}
	data := pageData{report: r, Tiles: r.tiles(), Legend: r.legend(), Sections: sections, Notes: legend}
	for _, ratio := range r.Ratios {
		if ratio.ofEngines {
			data.Engines = append(data.Engines, ratio)
		} else {
			data.Judged = append(data.Judged, ratio)
		}
	}
	for _, bc := range cases {
		if rows := r.rowsOf(bc); len(rows) > 0 {
			data.Tables = append(data.Tables, caseTable{bc.name, rows})
		}
	}
	return page.Execute(w, data)
}

// tiles are the figures of ours that a reader wants first, those that were measured.
func (r report) tiles() []tile {
	var all []tile
	for _, t := range []struct {
		inCase benchCase
		text   string
		value  func(*row) string
	}{
		{smallCall, "a call of 32 B, median", func(r *row) string { return duration(r.P50) }},
		{smallCall64, "calls a second, 64 callers", func(r *row) string { return rounded(r.CallsPerSec) }},
		{upLarge, "stream of 64 KiB items", func(r *row) string { return fmt.Sprintf("%.2f GB/s", r.BytesPerSec/1e9) }},
		{addCall, "allocations a call of fixed-size types", func(r *row) string { return fmt.Sprintf("%.2f", r.AllocsPerOp) }},
	} {
		if row := r.row(t.inCase, r.ours); row != nil {
			all = append(all, tile{t.value(row), t.text})
		}
	}
	return all
}

// legend are the contenders that were measured.
func (r report) legend() []chip {
	var all []chip
	for _, c := range contenders {
		if colour := colours[c.name]; len(r.rowsBy(c)) > 0 {
			all = append(all, chip{c.name, fmt.Sprintf("#%02x%02x%02x", colour.R, colour.G, colour.B)})
		}
	}
	return all
}

func (r report) rowsOf(bc benchCase) []*row {
	return r.filter(func(row *row) bool { return row.Case == bc.name })
}

func (r report) rowsBy(c contender) []*row {
	return r.filter(func(row *row) bool { return row.Contender == c.name })
}

func (r report) filter(wanted func(*row) bool) []*row {
	var rows []*row
	for i := range r.Rows {
		if wanted(&r.Rows[i]) {
			rows = append(rows, &r.Rows[i])
		}
	}
	return rows
}
