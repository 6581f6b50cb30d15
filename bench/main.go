package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// The roles of the other processes, as argument 0 of this program: no user gives them
// by accident.
const (
	hostRole  = "roam-bench-host"
	guestRole = "roam-bench-guest"
)

func main() {
	switch os.Args[0] {
	case hostRole:
		os.Exit(childMain("host", func() error { return serveCommands(os.Args[1], os.Stdin, os.Stdout) }))
	case guestRole:
		os.Exit(childMain("guest", func() error { return serveHost(os.Args[1], os.Args[2:]) }))
	}
	os.Exit(parentMain(os.Args[1:]))
}

// childMain runs a host or guest process.
func childMain(role string, run func() error) int {
	stop, err := startProfile(role)
	if err == nil && role == "guest" {
		err = keepOff(1)
	}
	if err == nil {
		err = errors.Join(run(), stop())
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %s %d: %v\n", role, os.Getpid(), err)
		return exitFailed
	}
	return exitDone
}

func parentMain(args []string) int {
	o, err := parseOptions(args, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		return exitUsage
	}
	if err := o.measureAll(os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		return exitFailed
	}
	return exitDone
}
