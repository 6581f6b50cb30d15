package driver

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/roam-rpc/roam-go/internal/core"
)

// receiving is a connection of which another goroutine has the role.
func receiving() *conn {
	c := new(conn)
	c.role.held.Store(true)
	return c
}

// TestAnAnswerInTimeSparesParking: who receives on the same P brings it while the caller lets
// others run, and need not signal it.
func TestAnAnswerInTimeSparesParking(t *testing.T) {
	withOneP(t)
	const tries = 100
	inTime := 0 // mostly: goroutines of the runtime's global queue may come first
	for range tries {
		c := receiving()
		p := newPending(c)
		go c.carryOut([]core.Effect{{Kind: core.Respond, Call: &p.core}}, nil)
		if c.lingers(p.w) {
			inTime++
			assert.True(t, p.isDone())
		}
	}
	assert.Greater(t, inTime, tries/2)
}

// TestWhoLingersTakesAFreeRole, rather than parks.
func TestWhoLingersTakesAFreeRole(t *testing.T) {
	withOneP(t)
	c := receiving()
	c.role.held.Store(false)
	assert.True(t, c.lingers(newPending(c).w))
	assert.Zero(t, c.linger.parks, "it was not in vain")
}

// TestNobodyLingersWithMoreThanOneP, from some waits after the change on.
func TestNobodyLingersWithMoreThanOneP(t *testing.T) {
	withOneP(t)
	c := receiving()
	w := newPending(c).w
	w.ready = func() bool { return true }
	assert.True(t, c.lingers(w))
	runtime.GOMAXPROCS(2)
	for range lingerAsks {
		c.lingers(w)
	}
	assert.False(t, c.lingers(w))
	runtime.GOMAXPROCS(1)
	for range lingerAsks {
		c.lingers(w)
	}
	assert.True(t, c.lingers(w))
}

// withOneP has the program run with one P until the test's end.
func withOneP(t *testing.T) {
	ps := runtime.GOMAXPROCS(1)
	t.Cleanup(func() { runtime.GOMAXPROCS(ps) })
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
	l := linger{alone: 1}
	assert.Zero(t, l.allPark(), "it is tried at first")
	for _, pause := range []int{leastPause, 2 * leastPause, 4 * leastPause} {
		l.inVain()
		assert.Equal(t, pause, l.allPark())
	}
	for range 10 {
		l.allPark()
		l.inVain()
	}
	assert.Equal(t, mostPause, l.allPark())
	for range mostCredit + 1 {
		l.paid()
	}
	for range mostCredit / vainCredit {
		l.inVain()
	}
	assert.Equal(t, leastPause, l.allPark(), "it paid meanwhile")
}

// TestWaitsOfOneMomentBeginOnePause: those that were in vain together say no more than one.
func TestWaitsOfOneMomentBeginOnePause(t *testing.T) {
	l := linger{alone: 1}
	for range 16 {
		l.inVain()
	}
	assert.Equal(t, leastPause, l.allPark())
}

// TestOneLingersForATrial: where it does not pay, few are to find out.
func TestOneLingersForATrial(t *testing.T) {
	l := linger{alone: 1}
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
	l := linger{alone: 1, credit: mostCredit}
	for range 1000 {
		l.inVain()
		for range 10 {
			l.paid()
		}
		assert.Zero(t, l.allPark())
	}
	for range mostCredit / vainCredit { // where none pays
		l.inVain()
	}
	assert.Equal(t, leastPause, l.allPark())
}
