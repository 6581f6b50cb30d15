package driver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// rounds are those of one spell in which nothing comes.
func rounds(s *spinner) (n int) {
	s.start()
	for s.next() && s.missed() != over {
		n++
	}
	return n
}

// TestSpinnerPollsLessAfterLongSleeps, in full again after a short one, and never where
// there is but one processor, which then is the other side's to use.
func TestSpinnerPollsLessAfterLongSleeps(t *testing.T) {
	s := spinner{most: spinRounds, budget: spinRounds, seats: 1}
	defer s.rise()
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

// TestOnlySoManyPollForLong: who finds no seat stops after a moment, and polls on once
// there is one.
func TestOnlySoManyPollForLong(t *testing.T) {
	first := spinner{most: spinRounds, budget: spinRounds, seats: 1}
	second := first
	assert.Equal(t, spinRounds, rounds(&first))
	assert.Less(t, rounds(&second), spinRounds/4)
	assert.False(t, second.sit())
	first.rise()
	assert.Equal(t, spinRounds, rounds(&second))
	assert.True(t, second.sit())
	second.rise()
	second.rise()
	assert.Zero(t, seatsTaken.Load())
}

// TestSpinnerLeavesTheProcessorToAPeerThatWakesUp: always where only this side calls, and
// mostly where both do.
func TestSpinnerLeavesTheProcessorToAPeerThatWakesUp(t *testing.T) {
	s := spinner{most: spinRounds, budget: spinRounds}
	polled := func(both bool) (spells int) {
		for range 4 * pollsAnyway {
			s.start()
			if s.yieldToPeer(both); s.rounds > 0 {
				spells++
			}
		}
		return spells
	}
	assert.Zero(t, polled(false))
	assert.Equal(t, 4, polled(true))
}
