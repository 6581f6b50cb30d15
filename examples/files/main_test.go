package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"
)

// Argument 0 of the demo itself, run from this test binary: with the guest in C that the
// tests have built, and as it is.
const (
	demoName         = "roam-files-demo"
	demoBuildingName = "roam-files-demo-building"
)

func TestMain(m *testing.M) {
	switch os.Args[0] {
	case guestName:
		os.Exit(guestMain(os.Args[1:]))
	case demoName:
		os.Exit(hostMain(os.Args[1:], alreadyBuilt))
	case demoBuildingName:
		os.Exit(hostMain(os.Args[1:], buildCGuest))
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		removeTestGuest()
		os.Exit(status)
	}))
}

func TestExitStatusTellsWhatWentWrong(t *testing.T) {
	live := context.Background()
	ended, cancel := context.WithCancel(live)
	cancel()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		err    error
		status int
		says   string
	}{
		{"Done", live, nil, 0, ""},
		{"DoneAsTheSignalCame", ended, nil, 0, ""},
		{"Usage", live, usagef("no such thing"), 2, "demo: no such thing\nTry --help.\n"},
		{"Failed", live, errIncomplete, 1, "demo: not all files were done\n"},
		{"NameInMessage", live, errors.New("a\nb\xff"), 1, "demo: a\\nb\\xFF\n"},
		{"Interrupted", ended, context.Canceled, 130, "demo: interrupted\n"},
		{"FailedByTheInterrupt", ended, errors.New("broken"), 130, "demo: interrupted\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stderr bytes.Buffer
			assert.Equal(t, c.status, status(c.ctx, c.err, &stderr))
			assert.Equal(t, c.says, stderr.String())
		})
	}
}
