package driver

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// allPark says for how many waits nobody lingers.
func (l *linger) allPark() (n int) {
	for l.pausing() {
		n++
	}
	return n
}

// TestWhoLingersInVainParks, the longer the more often.
func TestWhoLingersInVainParks(t *testing.T) {
	var l linger
	assert.Zero(t, l.allPark(), "it is tried at first")
	for _, pause := range []int{leastPause, 2 * leastPause, 4 * leastPause} {
		l.took(vainCredit)
		assert.Equal(t, pause, l.allPark())
	}
	for range 10 {
		l.allPark()
		l.took(vainCredit)
	}
	assert.Equal(t, mostPause, l.allPark())
	for range mostCredit + 1 {
		l.paid()
	}
	l.took(longCredit)
	assert.Equal(t, leastPause, l.allPark(), "it paid meanwhile")
}

// TestWaitsOfOneMomentBeginOnePause: those that were in vain together say no more than one.
func TestWaitsOfOneMomentBeginOnePause(t *testing.T) {
	var l linger
	for range 16 {
		l.took(vainCredit)
	}
	assert.Equal(t, leastPause, l.allPark())
}

// TestAFewWaitsInVainAreNoMatter where most pay.
func TestAFewWaitsInVainAreNoMatter(t *testing.T) {
	l := linger{credit: mostCredit}
	for range 1000 {
		l.took(vainCredit)
		for range 10 {
			l.paid()
		}
		assert.Zero(t, l.allPark())
	}
	for range mostCredit / vainCredit { // where none pays
		l.took(vainCredit)
	}
	assert.Equal(t, leastPause, l.allPark())
}

// TestTheFirstWaitAfterAPauseIsTimed, so that one long wait ends it again.
func TestTheFirstWaitAfterAPauseIsTimed(t *testing.T) {
	var l linger
	timed := 0
	for i := range 4 * lingerSampled {
		if l.begin() {
			timed++
			assert.Zero(t, i%lingerSampled)
		}
	}
	assert.Equal(t, 4, timed)
	l.begin()
	l.took(longCredit)
	assert.True(t, l.begin())
}
