package driver

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/roam-rpc/roam-go/internal/core"
)

// receiving is a connection of which another goroutine has the role, and that a caretaker
// knows.
func receiving() *conn {
	c := new(conn)
	c.role.held.Store(true)
	c.role.tended.Store(true)
	return c
}

// TestAnAnswerInTimeSparesParking: who receives on the same P brings it while the caller lets
// others run, and need not signal it.
func TestAnAnswerInTimeSparesParking(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const tries = 100
	inTime := 0 // mostly: goroutines of the runtime's global queue may come first
	for range tries {
		c := receiving()
		p := newPending(c)
		go c.carryOut([]core.Effect{{Kind: core.Respond, Call: &p.core}}, nil)
		if c.lingers(p.w) {
			inTime++
			assert.True(t, p.isDone())
			assert.Empty(t, p.w.wake)
		}
	}
	assert.Greater(t, inTime, tries/2)
}

// TestWhoLingersTakesAFreeRole, rather than parks.
func TestWhoLingersTakesAFreeRole(t *testing.T) {
	c := receiving()
	c.role.held.Store(false)
	assert.True(t, c.lingers(newPending(c).w))
	assert.Zero(t, c.linger.parks, "it was not in vain")
}

// TestWhoLingersIsLookedAfter: nobody else knows of it when the one that receives leaves.
func TestWhoLingersIsLookedAfter(t *testing.T) {
	c := receiving()
	assert.False(t, c.lingers(newPending(c).w))
	assert.True(t, c.care.asked.Load())
	assert.EqualValues(t, leastPause, c.linger.parks, "it was in vain")
}

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
