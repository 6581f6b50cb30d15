package driver

import (
	"runtime"
	"time"

	"github.com/roam-rpc/roam-go/internal/sched"
)

// spinner decides how long polling pays: about as long as a wake-up costs, less when
// it kept failing for long sleeps to follow, nothing on a single CPU.
type spinner struct {
	rounds int // left in this spell
	spell  int // that this spell began with
	budget int // of a spell
	most   int

	// Spells that wait for a peer that has to wake up first are learned by themselves. Where
	// it wakes up on another processor, to poll meanwhile spares the second wake-up; where
	// it needs this one it is the later the longer this side polls.
	woken       bool // this is such a spell
	wokenBudget int
	wokenSpells uint

	sharing sharing
}

// A round is spinLength looks at the ring, one microsecond or two.
const (
	spinLength = 16
	spinRounds = 64
	spinLeast  = 2
)

func (s *spinner) init() {
	if runtime.NumCPU() > 1 {
		s.most, s.budget = spinRounds, spinRounds
	}
}

func (s *spinner) start() {
	s.rounds, s.spell, s.woken = s.budget, s.budget, false
}

// tryWoken is which of the spells for a peer that wakes up polls in full, whatever came of
// those before. Two sides that find each other asleep for each call, since neither polled
// the last time, get out of that by it.
const tryWoken = 16

// skip ends the spell before it has begun.
func (s *spinner) skip() { s.rounds, s.spell = 0, 0 }

// startForWoken is start where the peer has to wake up first. Where goroutines that poll take
// turns, the one whose turn it is polls for the peer in any case: if it did not, it would find
// it asleep again when its next turn comes, and most turns would bring an answer at most.
func (s *spinner) startForWoken() {
	s.wokenSpells++
	s.rounds, s.woken = s.wokenBudget, true
	if s.wokenSpells%tryWoken == 0 || turns.lately() {
		s.rounds = s.most
	}
	s.spell = s.rounds
}

// shortSleep is a sleep that polling would have spared, or that was long for the reason
// alone that the other side slept too: two sides that both stopped polling would wake
// each other for ever.
const shortSleep = 150 * time.Microsecond

// slept says how long a sleep was that followed on polling in vain.
func (s *spinner) slept(d time.Duration) {
	s.sharing.slept(d, s.inVain())
	if d < shortSleep {
		s.budget = s.most
	} else {
		s.budget = min(s.most, max(spinLeast, s.budget/2))
	}
}

// polled is what came of one round of polling.
type polled uint8

const (
	nothing polled = iota // so far
	found                 // messages, which have been received
	over                  // polling has gone on for long enough
)

// poll polls one round. The caller holds the role.
func (c *conn) poll() polled {
	if !c.spin.next() {
		c.spin.sharing.part(c.spin.inVain(), c.tr.Pending)
		if c.spin.inVain() > 0 {
			sched.Yield() // not before: who polls for others meanwhile takes as long as this one
		}
		return over
	}
	switch c.spin.inVain() { // the round that begins is one of them
	case silentRounds + 1:
		if !c.spin.woken {
			c.spin.sharing.silent(c.tr.Pending)
		}
	case quietRounds + 1:
		if c.spin.sharing.giveWay(c.tr.Pending) == unmissed && c.leads == nil {
			c.spin.rounds = 0 // it would have ended meanwhile; who waits for an answer polls on
		}
	}
	if c.receiveWithin(spinLength) > 0 {
		c.spin.found()
		return found
	}
	c.spin.missed()
	return nothing
}

// next says whether there is another round, which it begins.
func (s *spinner) next() bool {
	if s.rounds <= 0 {
		return false
	}
	s.rounds--
	return true
}

// found notes that a round brought something.
func (s *spinner) found() {
	s.sharing.finds++
	if s.woken {
		s.wokenBudget = s.most
	} else {
		s.budget = min(s.most, s.budget+4)
	}
}

// inVain is how many rounds of this spell brought nothing.
func (s *spinner) inVain() int { return s.spell - s.rounds }

// missed notes that a round brought nothing.
func (s *spinner) missed() {
	if s.woken && s.rounds == 0 {
		s.wokenBudget /= 2
	}
}
