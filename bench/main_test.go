package main

import (
	"os"
	"testing"
)

// TestMain lets the test program be the host and guest processes, too.
func TestMain(m *testing.M) {
	if os.Args[0] == hostRole || os.Args[0] == guestRole {
		main()
	}
	os.Exit(m.Run())
}
