package driver

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
)

// TestLesson_BubblesShareNothing: a program's tests may give each its own clock. The
// caretaker was one for all, whose timer belonged to the clock of the first.
func TestLesson_BubblesShareNothing(t *testing.T) {
	calls := func(t *testing.T) {
		a, b := connectPipe(t, 8)
		for _, h := range []*Handle{a, b, a} {
			sum, err := testbed.NewClient(h).Add(t.Context(), 2, 3)
			require.NoError(t, err)
			assert.EqualValues(t, 5, sum)
			time.Sleep(10 * time.Millisecond)
		}
	}
	for range 3 {
		synctest.Test(t, calls)
		calls(t)
	}
}
