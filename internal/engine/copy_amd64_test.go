//go:build linux && !race

package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// eachWayToCopy runs test with the processor's instruction and without.
func eachWayToCopy(t *testing.T, test func(t *testing.T)) {
	learnToCopy() // before the test says otherwise
	learnt := copiesStrings
	defer func() { copiesStrings = learnt }()
	for name, strings := range map[string]bool{"loop": false, "string": true} {
		copiesStrings = strings
		t.Run(name, test)
	}
}

// TestLearnsOnce: what copies is settled before there is an End, and does not change.
func TestLearnsOnce(t *testing.T) {
	learnToCopy()
	learnt := copiesStrings
	learnToCopy()
	require.Equal(t, learnt, copiesStrings)
	t.Log("copies strings:", learnt)
}
