package driver

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// allPark says for how many waits nobody lingers.
func (l *linger) allPark() (n int) {
	for ; !l.begins(); n++ {
	}
	l.trial = 0
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

// TestOneLingersForATrial: where it does not pay, few are to find out.
func TestOneLingersForATrial(t *testing.T) {
	var l linger
	assert.True(t, l.begins())
	assert.False(t, l.begins(), "another does")
	l.trial = 0
	for range someCredit + 1 {
		l.paid()
	}
	assert.True(t, l.begins())
	assert.True(t, l.begins(), "it pays")
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
		if l.times() {
			timed++
			assert.Zero(t, i%lingerSampled)
		}
	}
	assert.Equal(t, 4, timed)
	l.times()
	l.took(longCredit)
	assert.True(t, l.times())
}
