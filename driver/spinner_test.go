package driver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// rounds are those of one spell in which nothing comes.
func rounds(s *spinner) (n int) {
	s.start()
	for s.next() {
		s.missed()
		n++
	}
	return n
}

// TestSpinnerPollsLessAfterLongSleeps, in full again after a short one, and never where
// there is but one processor, which then is the other side's to use.
func TestSpinnerPollsLessAfterLongSleeps(t *testing.T) {
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

// TestSpinnerLearnsWhetherToPollForAPeerThatWakesUp: not at first, in full once that has
// brought its answer, and less each time that it has not; but now and then in any case.
func TestSpinnerLearnsWhetherToPollForAPeerThatWakesUp(t *testing.T) {
	turns.last.Store(0)
	s := spinner{most: spinRounds, budget: spinRounds}
	spell := func() (n int) {
		s.startForWoken()
		for s.next() {
			s.missed()
			n++
		}
		return n
	}
	for i := range 3 * tryWoken {
		want := 0
		if i%tryWoken == tryWoken-1 {
			want = spinRounds
		}
		assert.Equal(t, want, spell(), "spell %d in which nothing comes", i)
	}
	s.startForWoken()
	s.found()
	for want := spinRounds; want > 0; want /= 2 {
		assert.Equal(t, want, spell())
	}
	assert.Zero(t, spell())
	assert.Equal(t, spinRounds, rounds(&s), "other spells are as they were")
	defer turns.last.Store(0)
	for range 2 {
		turns.seen(time.Now().Add(time.Hour))
		s.startForWoken()
		assert.Equal(t, spinRounds, s.rounds, "where goroutines take turns")
		for s.next() {
			s.missed()
		}
	}
	turns.last.Store(0)
	assert.Zero(t, spell(), "it has learned nothing else from those in vain")

	single := spinner{}
	for range 2 * tryWoken {
		single.startForWoken()
		assert.False(t, single.next(), "there is one processor, which the peer needs")
	}
}
