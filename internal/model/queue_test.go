package model

import (
	"slices"
	"testing"
)

// The casts: one waiter that waits again, and two.
var (
	queueAgain = QueueCast{First: 2, Sweeper: true}
	queueTwo   = QueueCast{First: 1, Second: 1, Sweeper: true}
)

func TestQueueLeavesNobodyAsleep(t *testing.T) {
	scenes := []struct {
		name string
		cast QueueCast
	}{
		{"a waiter that waits again", queueAgain},
		{"two waiters", queueTwo},
		{"two waiters, one waits again", QueueCast{First: 2, Second: 1, Sweeper: true}},
		{"two waiters, both wait again, nobody sweeps", QueueCast{First: 2, Second: 2}},
	}
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) { holds(t, NewQueue(QueueRule{}, s.cast)) })
	}
}

func TestQueueRuleBroken(t *testing.T) {
	breaches := []struct {
		name string
		rule QueueRule
		cast QueueCast
	}{
		{"who parks looks for itself in the queue first", QueueRule{LooksFirst: true}, queueAgain},
		{"who parks does not look at the role", QueueRule{ParksBlindly: true}, queueAgain},
		{"who parks looks at the role before it is in the queue", QueueRule{LooksEarly: true}, queueAgain},
		{"who is promoted between look and leave does not see it", QueueRule{LeavesLate: true}, queueTwo},
		{"who is promoted and has its answer does not hand on", QueueRule{PromotedKeeps: true}, queueTwo},
		{"who is put out is not looked at again", QueueRule{DismissBlindly: true}, queueAgain},
		{"who is promoted is put out after it", QueueRule{PromoteQueued: true}, queueTwo},
		{"who is awake is promoted", QueueRule{PromoteBlindly: true}, queueTwo},
		{"who is behind one that is awake is not promoted", QueueRule{PromoteOne: true}, queueTwo},
		{"the queue is looked at before the role is free", QueueRule{CountBlindly: true}, queueAgain},
	}
	for _, b := range breaches {
		t.Run(b.name, func(t *testing.T) { breaks(t, NewQueue(b.rule, b.cast)) })
	}
}

// TestQueueHasASpareClause: the first look at who is to be put out saves the second, and no more.
func TestQueueHasASpareClause(t *testing.T) {
	holds(t, NewQueue(QueueRule{DismissUnlooked: true}, queueAgain))
	holds(t, NewQueue(QueueRule{DismissUnlooked: true}, queueTwo))
}

// TestQueueReachesItsCrossings shows that the searches above see what the rule is for.
func TestQueueReachesItsCrossings(t *testing.T) {
	is := func(s *QueueState, state uint8) bool { return s.all[queueFirst].state == state }
	listed := func(s *QueueState) bool { return slices.Contains(s.queue[:], queueFirst) }
	at := func(m *Queue, s *QueueState, who int, label string) bool {
		return s.all[who].at == m.threads[who].program.place(label)
	}
	again, two := NewQueue(QueueRule{}, queueAgain), NewQueue(QueueRule{}, queueTwo)
	states := []struct {
		name  string
		model *Queue
		state func(QueueState) bool
	}{
		{"who waited stays in the queue", again, func(s QueueState) bool {
			return is(&s, isAwake) && listed(&s) && s.all[queueFirst].waits == 1
		}},
		{"who waits again is in the queue already", again, func(s QueueState) bool {
			return s.all[queueFirst].waits == 1 && s.all[queueFirst].saw && is(&s, isParked)
		}},
		{"who is to be put out is parked by then", again, func(s QueueState) bool {
			return at(again, &s, queueSweeper, "keep")
		}},
		{"who was told that it is out is in the queue still", again, func(s QueueState) bool {
			return at(again, &s, queueFirst, "join") && listed(&s)
		}},
		{"who is promoted joins the queue", two, func(s QueueState) bool { return is(&s, isPromoted) && listed(&s) }},
		{"who is promoted has its answer", two, func(s QueueState) bool {
			return is(&s, isPromoted) && s.all[queueFirst].served
		}},
		{"the role is taken before who is promoted takes it", two, func(s QueueState) bool {
			return is(&s, isPromoted) && s.held
		}},
	}
	for _, r := range states {
		t.Run(r.name, func(t *testing.T) { reaches(t, r.model, r.state) })
	}
}
