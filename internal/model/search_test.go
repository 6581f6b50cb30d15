package model

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// counter goes from 0 by steps of 1 and 2, up to a value that it must not pass.
type counter struct {
	last, fault int
	trap        int // from here it only goes round
}

func (c counter) Start() int { return 0 }

func (c counter) Steps(s int, emit func(Step, int)) {
	if s == c.trap {
		emit(Step{Who: "counter", What: "goes round"}, s)
		return
	}
	for by := 1; by <= 2 && s+by <= c.last; by++ {
		emit(Step{Who: "counter", What: "adds", Use: by}, s+by)
	}
}

func (c counter) Fault(s int) string {
	if s == c.fault {
		return "too far"
	}
	return ""
}

func (c counter) Done(s int) bool { return s == c.last }

func TestSearchVisitsEveryState(t *testing.T) {
	r, err := Search(counter{last: 100_000, fault: -1, trap: -1}, 1<<20)
	require.NoError(t, err)
	require.Empty(t, r.Fault)
	require.Equal(t, 100_001, r.States)
	require.Equal(t, 199_999, r.Steps)
}

func TestSearchGivesAShortestTrace(t *testing.T) {
	r, err := Search(counter{last: 9, fault: 5, trap: -1}, 100)
	require.NoError(t, err)
	require.Equal(t, "too far", r.Fault)
	require.Len(t, r.Trace, 3)
	require.Contains(t, r.Trace, "counter: adds (use 2)")
}

func TestSearchFindsAStateThatCannotFinish(t *testing.T) {
	r, err := Search(counter{last: 9, fault: -1, trap: 4}, 100)
	require.NoError(t, err)
	require.Contains(t, r.Fault, "never be done")
	require.Len(t, r.Trace, 2)
}

func TestSearchFindsAnEndTooEarly(t *testing.T) {
	r, err := Search(neverDone{counter{last: 3, fault: -1, trap: -1}}, 100)
	require.NoError(t, err)
	require.Contains(t, r.Fault, "nothing more happens")
	require.Len(t, r.Trace, 2)
}

type neverDone struct{ counter }

func (neverDone) Done(int) bool { return false }

func TestSearchRefusesMoreStatesThanItsLimit(t *testing.T) {
	_, err := Search(counter{last: 1000, fault: -1, trap: -1}, 100)
	require.ErrorContains(t, err, "more than 100 states")
}
