package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// testGuestVariable gives demos of tests the guest in C.
const testGuestVariable = "ROAM_FILES_TEST_GUEST"

// alreadyBuilt stands for buildCGuest in demos of tests.
func alreadyBuilt(context.Context, io.Writer) (*cGuest, error) {
	path := os.Getenv(testGuestVariable)
	if path == "" {
		return nil, &missing{"the tests have built none", "see why they skip some"}
	}
	return &cGuest{path: path, remove: func() {}}, nil
}

var removeTestGuest = func() {}

// testGuest builds the guest in C, once for all tests.
var testGuest = sync.OnceValues(func() (string, error) {
	tree, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return "", err
	}
	if err := os.Setenv(treeVariable, tree); err != nil {
		return "", err
	}
	guest, err := buildCGuest(context.Background(), os.Stderr)
	if err != nil {
		return "", err
	}
	removeTestGuest = guest.remove
	return guest.path, os.Setenv(testGuestVariable, guest.path)
})

// needGuestInC skips a test where guests in C cannot be built.
func needGuestInC(t *testing.T) {
	t.Helper()
	_, err := testGuest()
	if lacking := (*missing)(nil); errors.As(err, &lacking) {
		t.Skipf("no guests in C: %v", err)
	}
	require.NoError(t, err)
}

// forGuests runs test with each choice of --guest.
func forGuests(t *testing.T, test func(t *testing.T, guest guestChoice)) {
	for _, guest := range []guestChoice{guestsInGo, guestsInC, guestsInBoth} {
		t.Run(string(guest), func(t *testing.T) {
			if guest != guestsInGo {
				needGuestInC(t)
			}
			test(t, guest)
		})
	}
}
