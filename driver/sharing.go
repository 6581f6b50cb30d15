package driver

import (
	"time"

	"github.com/roam-rpc/roam-go/internal/processor"
)

// sharing tells from how polling ends whether the peer needs the processor that this side
// polls on: a message that polling did not bring comes as soon as this side sleeps, or nothing
// comes any more where message followed message. That may be chance, so it is tested: the
// thread lets another one run, and if there was one and a message has come meanwhile, it moves
// to another processor. Both sides may find that out at a time, but only one of them
// runs then, and its move ends it for both.
//
// It belongs to who holds the role, as its spinner does.
type sharing struct {
	finds  uint32 // rounds that brought something since the last sleep
	signs  int    // sleeps in a row that say so
	wanted int    // signs before it is tested, 0 for leastSigns; more after each test in vain

	silences int // since the last that was tested
	skips    int // silences before one is tested; more after each test in vain

	keeps int // times that the processor is kept before giveWay gives it again
}

const (
	tellingRounds = 16                    // of a spell in vain
	tellingSleep  = 40 * time.Microsecond // at most: to wake up on another processor takes about as long
	tellingFinds  = 4                     // at most between two sleeps
	leastSigns    = 2
	mostSigns     = 64
)

// Silence, after so many finds, are so many rounds in vain: a few times as long as an answer
// takes. A peer whose thread another one of this side has pushed off its processor is silent
// for milliseconds, with the other processor idle.
const (
	silentRounds = 3
	livelyFinds  = 16
	mostSkips    = 255
	dearSkips    = 1<<16 - 1 // after a test that took a time slice, milliseconds
)

// After quietRounds in vain, some forty microseconds, a side lets whoever waits for its
// processor have it. Where many peers are called in turns, the one whose turn is over polls on
// while the next one waits, and the side that calls waits for that one in vain.
const (
	quietRounds = 32
	longTurn    = 60 * time.Microsecond // as long as the rest of a spell, or longer
	dearKeeps   = 1000                  // after a message that waited for a time slice, milliseconds
)

// mostTurn is how long another thread runs at least that is not the peer.
const mostTurn = time.Millisecond

// slept notes a sleep that followed on so many rounds in vain.
func (s *sharing) slept(d time.Duration, rounds int) {
	if rounds < tellingRounds || d > tellingSleep || s.finds > tellingFinds {
		s.signs = 0
	} else {
		s.signs++
	}
	if s.finds > tellingFinds {
		s.wanted = leastSigns
	}
	s.finds = 0
}

// part is called when polling has been in vain for so many rounds, and ends. It lets the peer
// run if that seems to wait for this processor, and leaves it the processor if it did. pending
// says whether there is a message.
func (s *sharing) part(rounds int, pending func() bool) {
	if s.signs < max(leastSigns, s.wanted) || rounds < tellingRounds {
		return
	}
	s.signs = 0
	if s.test(pending) == parted {
		s.wanted = leastSigns
	} else {
		s.wanted = min(mostSigns, 2*max(leastSigns, s.wanted))
	}
}

// silent is part for silentRounds in vain, when polling goes on.
func (s *sharing) silent(pending func() bool) {
	if s.finds < livelyFinds {
		return
	}
	if s.silences++; s.silences <= s.skips {
		return
	}
	s.silences = 0
	switch s.test(pending) {
	case parted:
		s.skips = 0
	case inVain:
		s.skips = min(mostSkips, 2*s.skips+1)
	case dearly:
		s.skips = dearSkips
	}
}

// giveWay is called for quietRounds in vain, when polling goes on. Unlike silent it looks for
// more than the peer.
func (s *sharing) giveWay(pending func() bool) tested {
	if s.keeps > 0 {
		s.keeps--
		return inVain
	}
	turn := letRun()
	switch came := pending(); {
	case !came && turn >= longTurn:
		return unmissed
	case came && turn >= mostTurn:
		s.keeps = dearKeeps
		return dearly
	case came && turn > 0 && processor.Leave():
		return parted
	}
	return inVain
}

// tested is what came of a test.
type tested uint8

const (
	inVain   tested = iota // nobody waits for this processor, or another than the peer
	dearly                 // so too, and that one had it for long
	parted                 // the peer did, and has it now
	unmissed               // another had it for long, and no message has come
)

func (s *sharing) test(pending func() bool) tested {
	switch turn := letRun(); {
	case turn >= mostTurn:
		return dearly
	case turn > 0 && pending() && processor.Leave():
		return parted
	}
	return inVain
}

// letRun lets another thread run that waits for this processor, and says for how long it did, 0
// if there is none. Tests have it say something else.
var letRun = func() time.Duration {
	began := time.Now()
	if !processor.Yield() {
		return 0
	}
	return max(1, time.Since(began))
}
