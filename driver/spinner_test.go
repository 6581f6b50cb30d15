package driver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/roam-rpc/roam-go/internal/transporttest"
)

// TestSpinnerPollsLessAfterLongSleeps, in full again after a short one, and never where
// there is but one processor, which then is the other side's to use.
func TestSpinnerPollsLessAfterLongSleeps(t *testing.T) {
	rounds := func(s *spinner) (n int) {
		end, _ := transporttest.New(1)
		s.start()
		for s.poll(end) != over {
			n++
		}
		return n
	}
	s := spinner{most: spinRounds, budget: spinRounds}
	assert.Equal(t, spinRounds, rounds(&s))
	s.slept(time.Second)
	assert.Equal(t, spinRounds/2, rounds(&s))
	for range 10 {
		s.slept(time.Second)
	}
	assert.Equal(t, spinLeast, rounds(&s))
	s.slept(time.Microsecond)
	assert.Equal(t, spinRounds, rounds(&s))

	var single spinner
	for _, d := range []time.Duration{0, time.Microsecond, time.Second} {
		single.slept(d)
		assert.Zero(t, rounds(&single), "after a sleep of %v", d)
	}
}
