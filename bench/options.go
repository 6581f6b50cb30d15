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
	rounds  int
	spell   time.Duration // of one measurement
	limit   time.Duration // of all rounds; the last begins early enough
	json    string        // file for the results, empty for none
	html    string        // file for the report, empty for none
	run     *regexp.Regexp
	profile string // folder for CPU profiles, empty for none
}

// The lengths of a run: a round takes some 100 seconds, and some 35 seconds.
const (
	fullRounds  = 7
	fullSpell   = 500 * time.Millisecond
	fullLimit   = 14 * time.Minute
	quickRounds = 3
	quickSpell  = 150 * time.Millisecond
	quickLimit  = 150 * time.Second
)

func parseOptions(args []string, stderr io.Writer) (options, error) {
	o := options{rounds: fullRounds, spell: fullSpell, limit: fullLimit}
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
		o.rounds, o.spell, o.limit = quickRounds, quickSpell, quickLimit
	}
	return o, nil
}
