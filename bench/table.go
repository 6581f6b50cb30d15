package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// print writes the report for people.
func (r *report) print(out io.Writer) error {
	fmt.Fprintf(out, "%s\n\n", r.Env)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "case\tcontender\tp50\tp99\tcalls/s\tMB/s\tallocs\trange\tover bare\t")
	last := ""
	for _, row := range r.Rows {
		if last != "" && last != row.Case {
			fmt.Fprintln(w, "\t\t\t\t\t\t\t\t\t")
		}
		last = row.Case
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%.2f\t%s\t%s\t\n", row.Case, row.Contender,
			micros(row.P50), micros(row.P99), count(row.CallsPerSec), megabytes(row.BytesPerSec), row.AllocsPerOp,
			row.span(), r.ratioText(row.Case, row.Contender, bareUnix.name))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprint(out, "\nroam cgo over roam pure Go, by case (more than 1: cgo is the better):\n")
	for _, ratio := range r.Ratios {
		if ratio.of == roamCgo.name && ratio.over == roamGo.name {
			fmt.Fprintf(out, "  %-26s %.2f (%.2f to %.2f)\n", ratio.inCase, ratio.Value, ratio.Low, ratio.High)
		}
	}
	_, err := fmt.Fprint(out, legend)
	return err
}

const legend = `
Medians over the rounds. range: of p50, calls/s or MB/s, what the case is about. over bare: how many times as
good as the bare Unix socket in the same round. p50 and p99 of a stream are of the whole stream of 256 items.
MB/s: 10^6 bytes of payload a second, both directions of a call together. allocs: a call or item, host's side.
`

func (r *report) ratioText(inCase, of, over string) string {
	for _, ratio := range r.Ratios {
		if ratio.inCase == inCase && ratio.of == of && ratio.over == over {
			return fmt.Sprintf("%.2f", ratio.Value)
		}
	}
	return ""
}

// span is the range of the figure that the row is about.
func (r *row) span() string {
	text := count
	switch r.About {
	case p50:
		text = micros
	case bytesPerSec:
		text = megabytes
	}
	return text(r.Low) + " to " + text(r.High)
}

func micros(ns float64) string {
	if ns < 100_000 {
		return fmt.Sprintf("%.2f us", ns/1e3)
	}
	return fmt.Sprintf("%.0f us", ns/1e3)
}

func count(n float64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", n)
}

func megabytes(n float64) string { return count(n / 1e6) }
