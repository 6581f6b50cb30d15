package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// demo is the whole job of the host process.
type demo struct {
	options
	stdout, stderr io.Writer
	terminal       bool // stderr is one
	open           func(path string) (source, error)
	build          buildFunc

	unread   int // files and folders that could not be listed
	disputed int // results of the first run that another run contradicts
}

// errIncomplete: what went wrong has been reported, file by file.
var errIncomplete = errors.New("not all files were done")

// run does the job over shared memory, shows what came of it, and does it again with
// guests in Go over either transport. A *usageError says that nothing was started.
func (d *demo) run(ctx context.Context) error {
	out, err := d.prepareOut()
	if err != nil {
		return err
	}
	defer out.close() // for the ways out before the first run is over
	files, err := walk(d.dir, out.folder(), d.unreadable)
	if err != nil {
		return &usageError{err}
	}
	rep, err := d.prepareReport() // after the walk, which is not to find it
	if err != nil {
		return err
	}
	defer rep.drop()
	programs, remove, err := d.programs(ctx)
	if err != nil {
		return err
	}
	defer remove()
	first, err := d.over(ctx, sharedMemory, programs, files, out)
	if err != nil {
		return err
	}
	if err := out.close(); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if err := d.show(first, rep); err != nil {
		return err
	}
	return d.again(ctx, files, first)
}

// prepareOut opens the folder of --out; nil without it.
func (d *demo) prepareOut() (*outTree, error) {
	if d.out == "" {
		return nil, nil
	}
	out, err := openOutTree(d.out)
	if err != nil {
		return nil, usagef("--out: %w", err)
	}
	if err := out.checkOutside(d.dir); err != nil {
		return nil, errors.Join(err, out.close())
	}
	return out, nil
}

// prepareReport opens the file of --json; nil without it.
func (d *demo) prepareReport() (*reportFile, error) {
	if d.json == "" {
		return nil, nil
	}
	rep, err := openReport(d.json)
	if err != nil {
		return nil, usagef("--json: %w", err)
	}
	return rep, nil
}

func (d *demo) unreadable(err error) {
	d.unread++
	d.say("%v", err)
}

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.stderr, "demo: %s\n", printable(fmt.Sprintf(format, args...)))
}

// over streams files through a fleet of guests and ends the fleet.
func (d *demo) over(ctx context.Context, t transport, programs []program, files []entry, out *outTree) (outcome, error) {
	guests, err := t.start(ctx, programs)
	if err != nil {
		return outcome{}, fmt.Errorf("%s: %w", t.title, err)
	}
	for _, g := range guests.guests {
		fmt.Fprintf(d.stderr, "%s: %s is process %d\n", t.title, g.identity, g.pid)
	}
	show := newProgress(d.stderr, d.terminal, t.title, files)
	r := run{dir: d.dir, open: d.open, out: out, show: show}
	o, err := r.over(ctx, guests.guests, files)
	o.way = t
	show.end()
	if closing := guests.close(); closing != nil {
		d.say("%s: end the guests: %v", t.title, closing)
	}
	return o, err
}

// show writes report and table of the first run. The table comes last: whoever reads it
// may stop, which ends this process.
func (d *demo) show(o outcome, rep *reportFile) error {
	if err := rep.write(makeReport(o)); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := writeTable(d.stdout, o.results); err != nil {
		return err
	}
	if err := writeTotals(d.stdout, o); err != nil {
		return err
	}
	return guestsLeft(o)
}

// again does what the first run has done once more over Unix sockets, and sets the times
// beside each other. If guests of the first run were in C, it is done over shared memory
// too, with guests in Go: the ratio is to compare transports, not languages.
func (d *demo) again(ctx context.Context, files []entry, first outcome) error {
	runs := []outcome{first}
	if first.has(inC) {
		shared, err := d.repeat(ctx, sharedMemory, files, first)
		if err != nil {
			return err
		}
		runs = append(runs, shared)
	}
	unix, err := d.repeat(ctx, unixSocket, files, first)
	if err != nil {
		return err
	}
	runs = append(runs, unix)
	if err := writeTimes(d.stdout, runs); err != nil {
		return err
	}
	return d.verdict(runs)
}

// repeat does what the first run has done with guests in Go, and compares the results.
func (d *demo) repeat(ctx context.Context, t transport, files []entry, first outcome) (outcome, error) {
	programs, err := goPrograms(int(d.guests))
	if err != nil {
		return outcome{}, err
	}
	o, err := d.over(ctx, t, programs, doneOf(files, first), nil)
	if err != nil {
		return outcome{}, err
	}
	d.compare(first, o)
	return o, guestsLeft(o)
}

// verdict is the error of a demo whose runs are over.
func (d *demo) verdict(runs []outcome) error {
	failed := d.unread
	for i := range runs {
		failed += runs[i].failed
	}
	switch {
	case d.disputed > 0:
		return fmt.Errorf("guests found out different things of the same content; files: %d", d.disputed)
	case failed > 0:
		return errIncomplete
	}
	return nil
}

// guestsLeft is the error of a run that had no guest left for some of its files.
func guestsLeft(o outcome) error {
	if o.undone > 0 {
		return fmt.Errorf("every guest is lost; files not done: %d", o.undone)
	}
	return nil
}
