package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/spf13/pflag"
)

// Exit statuses. exitInterrupted is what shells give for a program that Ctrl-C ended.
const (
	exitDone        = 0
	exitFailed      = 1 // a file, or the whole run, failed
	exitUsage       = 2 // the arguments cannot be carried out; nothing was started
	exitInterrupted = 130
)

func main() {
	if os.Args[0] == guestName {
		os.Exit(guestMain(os.Args[1:]))
	}
	os.Exit(hostMain(os.Args[1:], buildCGuest))
}

func hostMain(args []string, build buildFunc) int {
	o, err := parseOptions(args, os.LookupEnv)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Print(help)
		return exitDone
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program where it stands
	if err == nil {
		d := demo{options: o, stdout: os.Stdout, stderr: os.Stderr,
			terminal: term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb", open: openRegular, build: build}
		err = d.run(ctx)
	}
	return status(ctx, err, os.Stderr)
}

// status says on stderr why the program fails, and gives the exit status.
func status(ctx context.Context, err error, stderr io.Writer) int {
	var usage *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "demo: %s\nTry --help.\n", printable(err.Error()))
		return exitUsage
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "demo: interrupted")
		return exitInterrupted
	}
	fmt.Fprintf(stderr, "demo: %s\n", printable(err.Error()))
	return exitFailed
}
