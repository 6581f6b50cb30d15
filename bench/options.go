package main

import (
	"flag"
	"fmt"
	"io"
	"regexp"
	"time"
)

// options are the arguments of a run.
type options struct {
	passes  int           // over all cases
	rounds  int           // in a pass, of what a ratio is of
	crowds  int           // rounds in a pass that hosts of many guests are measured in
	spell   time.Duration // of one measurement
	limit   time.Duration // of all passes; the last begins early enough
	json    string        // file for the results, empty for none
	html    string        // file for the report, empty for none
	run     *regexp.Regexp
	profile string // folder for CPU profiles, empty for none
}

// The lengths of a run: a pass takes some 100 seconds, and some 40 seconds.
const (
	fullPasses  = 7
	fullRounds  = 5
	fullCrowds  = fullRounds
	fullSpell   = 100 * time.Millisecond
	fullLimit   = 14 * time.Minute
	quickPasses = 3
	quickRounds = 3
	quickCrowds = 1
	quickSpell  = 50 * time.Millisecond
	quickLimit  = 150 * time.Second
)

func parseOptions(args []string, stderr io.Writer) (options, error) {
	o := options{passes: fullPasses, rounds: fullRounds, crowds: fullCrowds, spell: fullSpell, limit: fullLimit}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	quick := flags.Bool("quick", false, "fewer and shorter rounds, under three minutes")
	flags.StringVar(&o.json, "json", "", "write the results to `FILE`, too")
	flags.StringVar(&o.html, "html", "", "write the report with charts to `FILE`, too")
	flags.StringVar(&o.profile, "profile", "", "write CPU profiles of every host and guest into `DIR`")
	pattern := flags.String("run", "", "only where \"case/contender\" matches `REGEXP`")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	var err error
	if flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	} else {
		o.run, err = regexp.Compile(*pattern)
	}
	if err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return options{}, err
	}
	if *quick {
		o.passes, o.rounds, o.crowds, o.spell, o.limit = quickPasses, quickRounds, quickCrowds, quickSpell, quickLimit
	}
	return o, nil
}
