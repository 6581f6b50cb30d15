package leaktest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"
)

// Held is what a process held at some time.
type Held struct {
	goroutines  goleak.Option
	descriptors []string
	mappings    []string
}

// Check fails the test if something else is held at its end, after what was set up
// later has been cleaned up, than now.
func Check(t testing.TB) {
	t.Helper()
	before := Now(t)
	t.Cleanup(func() { before.RequireSame(t) })
}

// Now is what the process holds.
func Now(t testing.TB) Held {
	t.Helper()
	return Held{goroutines: goleak.IgnoreCurrent(), descriptors: descriptors(t), mappings: mappings(t)}
}

// RequireSame fails the test if something else is held now. Goroutines are given a
// moment to end.
func (h Held) RequireSame(t testing.TB) {
	t.Helper()
	goleak.VerifyNone(t, h.goroutines)
	assert.Equal(t, h.descriptors, descriptors(t), "descriptors")
	assert.Equal(t, h.mappings, mappings(t), "mappings of segments")
}
