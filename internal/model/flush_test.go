package model

import "testing"

func TestFlushLeavesNothingBehind(t *testing.T) { holds(t, NewFlush(FlushRule{})) }

func TestFlushRuleBroken(t *testing.T) {
	breaches := []struct {
		name string
		rule FlushRule
	}{
		{"the want is told after the turn was found taken", FlushRule{WantLate: true}},
		{"the want is taken for served after the sending", FlushRule{ServesLate: true}},
		{"the bit changes after the turn", FlushRule{OutOfTurn: true}},
		{"the bit changes after the turn, with a look after it", FlushRule{OutOfTurnLook: true}},
		{"no second try after the bit", FlushRule{NoSecondTry: true}},
		{"a sender does not flush", FlushRule{SenderLeaves: true}},
		{"who flushed does not look again", FlushRule{FlusherLeaves: true}},
		{"the bit stays when the queue is empty", FlushRule{LooksAtQueue: true}},
		{"the peer does not look at the flags", FlushRule{Silent: true}},
	}
	for _, b := range breaches {
		t.Run(b.name, func(t *testing.T) { breaks(t, NewFlush(b.rule)) })
	}
}
