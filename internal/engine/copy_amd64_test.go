//go:build linux && !race

package engine

import "testing"

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
