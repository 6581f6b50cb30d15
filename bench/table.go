package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// print writes the report for people.
func (r report) print(out io.Writer) error {
	fmt.Fprintf(out, "%s\n\n", r.Env)
	r.printRows(out)
	r.printIdle(out)
	r.printRatios(out)
	_, err := fmt.Fprint(out, "\n"+legend+"\n")
	return err
}

const legend = `Medians over the rounds. Middle half: where half of the rounds lie, by p50, ops/s or MB/s, what the case is about;
of three rounds or fewer, where all of them do.
p50, p99 and p99.9 of a stream are of the whole stream; ops, allocs and CPU count its items.
MB/s: 10^6 bytes of payload a second, both directions together.
allocs and CPU: of both processes; of many guests, the host's allocations.
A host of many guests runs on half of the CPUs (GOMAXPROCS), but where the case says otherwise.
No p99 or p99.9 where a round had fewer than 100 or 1000 operations.
Open loop: durations are of the second half; CPU counts that the host spins until the next call is due.
A ratio is taken within each round, then the median. It holds when it is no worse than the floor.`

func (r report) printRows(out io.Writer) {
	w := newTable(out)
	fmt.Fprintln(w, "case\tcontender\tp50\tp99\tp99.9\tops/s\tMB/s\tallocs\tCPU\tmiddle half\trounds\t")
	last := ""
	for i := range r.Rows {
		row := &r.Rows[i]
		if last != "" && last != row.Case {
			fmt.Fprintln(w, "\t\t\t\t\t\t\t\t\t\t\t")
		}
		last = row.Case
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.2f\t%s\t%s\t%d\t\n", row.Case, row.Contender,
			duration(row.P50), row.P99Text(), row.P999Text(), count(row.CallsPerSec), megabytes(row.BytesPerSec),
			row.AllocsPerOp, duration(row.CPUPerOp), row.RangeText(), row.Rounds)
	}
	_ = w.Flush() // an error of out shows at the last write
}

func (r report) printIdle(out io.Writer) {
	if len(r.Env.Idle) == 0 {
		return
	}
	fmt.Fprint(out, "\n")
	w := newTable(out)
	fmt.Fprintln(w, "idle guests\tcontender\tCPUs, all processes\thost's OS threads\thost's heap a guest\t")
	for _, i := range r.Env.Idle {
		fmt.Fprintf(w, "%d\t%s\t%.4f\t%d\t%.1f KiB\t\n", i.Guests, i.Contender, i.CPU, i.Threads, i.Heap/1024)
	}
	_ = w.Flush()
}

func (r report) printRatios(out io.Writer) {
	fmt.Fprint(out, "\n")
	w := newTable(out)
	fmt.Fprintln(w, "ratio\tvalue\tmiddle half\tgoal\tfloor\tholds\t")
	for _, ratio := range r.Ratios {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t\n", ratio.Name, number(ratio.Value), ratio.RangeText(),
			number(ratio.Goal), number(ratio.Floor), ratio.Verdict())
	}
	_ = w.Flush()
}

func newTable(out io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(out, 0, 0, 2, ' ', 0) }

// Verdict is how the value stands to goal and floor.
func (r ratio) Verdict() string {
	switch {
	case !r.Holds:
		return "NO"
	case r.meetsGoal():
		return "goal"
	}
	return "yes"
}

func (r ratio) meetsGoal() bool {
	if r.Goal > r.Floor {
		return r.Value >= r.Goal
	}
	return r.Value <= r.Goal || r.Goal == r.Floor && r.Holds
}

// RangeText is where the middle half of the rounds lies.
func (r ratio) RangeText() string { return number(r.span.low) + " to " + number(r.span.high) }

// RangeText is the same of the figure that the row is about.
func (r *row) RangeText() string {
	text := count
	switch r.about.about {
	case p50:
		text = duration
	case bytesPerSec:
		text = megabytes
	}
	return text(r.span.low) + " to " + text(r.span.high)
}
