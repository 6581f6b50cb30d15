package model

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mostStates bounds a search: some 300 MB.
const mostStates = 12_000_000

// holds checks that m keeps its rules in every state it can reach.
func holds[S comparable](t *testing.T, m Model[S]) {
	t.Helper()
	r, err := Search(m, mostStates)
	require.NoError(t, err)
	require.Empty(t, r.Fault, "after:\n%s", strings.Join(r.Trace, "\n"))
	t.Logf("%d states, %d steps", r.States, r.Steps)
}

// breaks checks that the search finds a fault in m and shows the way to it.
func breaks[S comparable](t *testing.T, m Model[S]) {
	t.Helper()
	r, err := Search(m, mostStates)
	require.NoError(t, err)
	require.NotEmpty(t, r.Fault, "%d states without a fault", r.States)
	t.Logf("%s, after:\n\t%s", r.Fault, strings.Join(r.Trace, "\n\t"))
}

// reached is a model that looks for a state instead of a fault.
type reached[S comparable] struct {
	Model[S]
	state func(S) bool
}

func (m reached[S]) Fault(s S) string {
	if m.state(s) {
		return "reached"
	}
	return ""
}

// reaches checks that m can come to a state of a kind: a search that never does shows
// nothing about it.
func reaches[S comparable](t *testing.T, m Model[S], state func(S) bool) {
	t.Helper()
	r, err := Search(reached[S]{m, state}, mostStates)
	require.NoError(t, err)
	require.Equal(t, "reached", r.Fault)
	t.Logf("after:\n\t%s", strings.Join(r.Trace, "\n\t"))
}
