package model

import (
	"fmt"
	"slices"
	"testing"
)

// kinds are all directions of two uses.
var kinds = [][]Side{{Caller, Caller}, {Caller, Callee}, {Callee, Caller}, {Callee, Callee}}

// mixed are those in which the direction changes.
var mixed = kinds[1:3]

func modes(t *testing.T, test func(t *testing.T, fused bool)) {
	for _, fused := range []bool{false, true} {
		name := "any implementation"
		if fused {
			name = "the driver"
		}
		t.Run(name, func(t *testing.T) { test(t, fused) })
	}
}

func TestEntryRuleHoldsOverTwoUses(t *testing.T) {
	modes(t, func(t *testing.T, fused bool) {
		for _, room := range []uint8{1, maxRoom} {
			for _, sends := range kinds {
				t.Run(fmt.Sprintf("%v send, room %d", sends, room), func(t *testing.T) {
					holds(t, &Entry{Sends: sends, Room: room, Grants: 2, Fused: fused})
				})
			}
		}
	})
}

func TestEntryRuleHoldsOverThreeUses(t *testing.T) {
	modes(t, func(t *testing.T, fused bool) {
		for _, sends := range [][]Side{{Caller, Callee, Caller}, {Callee, Caller, Callee}} {
			t.Run(fmt.Sprintf("%v send", sends), func(t *testing.T) {
				holds(t, &Entry{Sends: sends, Room: 2, Grants: 1, Fused: fused})
			})
		}
	})
}

// breach is a rule with a clause broken.
type breach struct {
	name string
	rule EntryRule
	// moot: the driver has no such threads or order, so that there the clause is kept
	// by itself.
	moot bool
}

var breaches = []breach{
	{name: "used again without draining the ring", rule: EntryRule{NoDrain: true}},
	{name: "drained means taken off the ring", rule: EntryRule{DrainTaken: true}},
	{name: "head read before Free is seen", rule: EntryRule{HeadBeforeFree: true}},
	{name: "used again while not Free", rule: EntryRule{NoFree: true}},
	{name: "used again while the own end is open", rule: EntryRule{OwnEndOpen: true}, moot: true},
	{name: "used again while a thread grants", rule: EntryRule{OwnEndGrants: true}, moot: true},
	{name: "used again while a Reset is queued", rule: EntryRule{KeepQueued: true, OwnEndUnderOutbox: true}, moot: true},
	{name: "used again while a Reset is queued, which the Request overtakes",
		rule: EntryRule{KeepQueued: true, OwnEndUnderOutbox: true, CallBeforeLastWord: true}},
	{name: "activated after the Request is visible", rule: EntryRule{LateActivation: true}, moot: true},

	{name: "the caller frees instead", rule: EntryRule{CallerFrees: true}},
	{name: "the caller frees too", rule: EntryRule{CallerFreesToo: true}},
	{name: "freed when Close is decided", rule: EntryRule{FreeDecided: true}},
	{name: "freed when Reset is decided", rule: EntryRule{FreeOnResetQueued: true}},
	{name: "freed when Reset is published, and nobody answers it", rule: EntryRule{FreeOnReset: true, NoAnswer: true}},
	{name: "freed when the handler returns", rule: EntryRule{FreeOnReturn: true}},
	{name: "freed under a thread that sends", rule: EntryRule{FreeUnderSender: true}, moot: true},
	{name: "freed under a thread that grants", rule: EntryRule{FreeUnderGranter: true}, moot: true},
	{name: "freed with a last word in the outbox", rule: EntryRule{KeepQueued: true, FreeUnderOutbox: true}},
	{name: "a handler's Tx is not freed on Reset", rule: EntryRule{NoFreeOnReset: true}},

	{name: "Reset is not answered", rule: EntryRule{NoAnswer: true}},
	{name: "the answer that is queued already is discarded", rule: EntryRule{DiscardsAnswer: true}},
	{name: "Reset is answered after the last word", rule: EntryRule{AnswersTwice: true}, moot: true},

	{name: "grants after the end", rule: EntryRule{GrantAfterEnd: true}},
	{name: "sends after the end", rule: EntryRule{SendAfterEnd: true}},
	{name: "Close is decided under a thread that sends", rule: EntryRule{CloseEarly: true}, moot: true},
	{name: "the Response leaves before the Data", rule: EntryRule{ResponseEarly: true}, moot: true},
	{name: "a late Response ends the next use", rule: EntryRule{ResponseByID: true}},

	{name: "nobody frees after a refusal", rule: EntryRule{RefusedNotFreed: true}},
	{name: "the callee frees what it refused", rule: EntryRule{RefusedFreedByCallee: true}},
	{name: "freed after a refusal under a thread that sends", rule: EntryRule{RefusedUnderSender: true}, moot: true},
	{name: "freed after a refusal with a last word in the outbox", rule: EntryRule{RefusedKeepsQueued: true}, moot: true},
	{name: "nobody frees for a Request that was not published", rule: EntryRule{UnpublishedNotFreed: true}, moot: true},
	{name: "freed under a thread that reads credit for a Request not published", rule: EntryRule{UnpublishedUnderSender: true}, moot: true},
	{name: "any error is taken for a refusal", rule: EntryRule{AnyAnswerRefuses: true}},
	{name: "messages after a refusal are a fault", rule: EntryRule{NotLenient: true}},
	{name: "channels open after the next message is read", rule: EntryRule{AcceptLate: true}},
}

// TestEntryRuleBroken finds what each broken clause lets happen, in one of the
// directions at least.
func TestEntryRuleBroken(t *testing.T) {
	modes(t, func(t *testing.T, fused bool) {
		for _, b := range breaches {
			t.Run(b.name, func(t *testing.T) {
				broken := func(sends []Side) *Entry {
					return &Entry{Sends: sends, Room: 2, Grants: 1, Fused: fused, Rule: b.rule}
				}
				if fused && b.moot {
					for _, sends := range mixed {
						holds(t, broken(sends))
					}
					return
				}
				breaks(t, broken(weakest(t, broken)))
			})
		}
	})
}

// weakest gives the directions in which a broken rule shows soonest.
func weakest(t *testing.T, broken func([]Side) *Entry) []Side {
	best, shortest := kinds[0], 0
	for _, sends := range kinds {
		r, err := Search(broken(sends), mostStates)
		if err != nil {
			t.Fatal(err)
		}
		if r.Fault != "" && (shortest == 0 || len(r.Trace) < shortest) {
			best, shortest = sends, len(r.Trace)
		}
	}
	return best
}

// TestEntryRuleHasSpareClauses shows what the rest of the rule would keep by itself.
func TestEntryRuleHasSpareClauses(t *testing.T) {
	spare := []breach{
		// The Close that answers a Reset is enough: it leaves before the next Request.
		{name: "freed when Reset is published", rule: EntryRule{FreeOnReset: true}},
		// Free follows the peer's last word, and that discards what is queued.
		{name: "own end over when the last word is decided", rule: EntryRule{OwnEndDecided: true}},
		{name: "used again with a last word in the outbox", rule: EntryRule{OwnEndUnderOutbox: true}},
		{name: "freed with a last word in the outbox", rule: EntryRule{FreeUnderOutbox: true}},
		// Whoever waits for the outbox need not discard what it holds.
		{name: "what is queued is published", rule: EntryRule{KeepQueued: true}},
		// The own end is over only when nothing of the use is in the outbox.
		{name: "the Request overtakes the outbox", rule: EntryRule{CallBeforeLastWord: true}},
	}
	modes(t, func(t *testing.T, fused bool) {
		for _, b := range spare {
			t.Run(b.name, func(t *testing.T) {
				for _, sends := range mixed {
					holds(t, &Entry{Sends: sends, Room: 2, Grants: 1, Fused: fused, Rule: b.rule})
				}
			})
		}
	})
}

// lies says whether a message of the first use lies in the ring towards a side.
func lies(s EntryState, to Side, words ...word) bool {
	l := s.lines[to]
	return slices.ContainsFunc(l.messages[l.taken:l.length], func(m message) bool {
		return m.use() == 0 && slices.Contains(words, m.word())
	})
}

// TestEntryReachesItsCrossings shows that the searches above see what the rule is for.
func TestEntryReachesItsCrossings(t *testing.T) {
	free := func(s EntryState) bool { return !s.active && s.activated == 1 }
	crossings := []struct {
		name  string
		sends Side // in the first use
		state func(EntryState) bool
	}{
		{"Close and Reset cross", Caller, func(s EntryState) bool { return lies(s, Callee, wClose) && lies(s, Caller, wReset) }},
		{"Resets cross", Callee, func(s EntryState) bool { return lies(s, Callee, wReset) && lies(s, Caller, wReset) }},
		{"Data crosses Reset", Caller, func(s EntryState) bool { return lies(s, Callee, wData) && lies(s, Caller, wReset) }},
		{"Free with Data in the ring", Callee, func(s EntryState) bool { return free(s) && lies(s, Caller, wData) }},
		{"Free with Reset in the ring", Caller, func(s EntryState) bool { return free(s) && lies(s, Caller, wReset) }},
		{"Free under a caller that grants", Callee, func(s EntryState) bool { return free(s) && s.halves[Caller][0].granter == decided }},
		{"a callee that heard Reset holds Data", Callee, func(s EntryState) bool {
			return s.halves[Callee][0].heard && s.halves[Callee][0].sender == decided
		}},
		{"a refused Request with Data behind it", Caller, func(s EntryState) bool {
			return s.halves[Callee][0].phase == unopened && s.stages[Callee][0] == answered && lies(s, Callee, wData)
		}},
		{"the caller sends after the Response", Caller, func(s EntryState) bool {
			return s.stages[Caller][0] == answered && s.halves[Caller][0].phase == open
		}},
		{"the id is used again before the first Response", Callee, func(s EntryState) bool {
			return s.stages[Callee][0] == running && s.halves[Callee][1].phase == open
		}},
		{"all of two uses was sent", Caller, func(s EntryState) bool { return s.uses == 2 && s.halves[Caller][1].counted == 3 }},
	}
	for _, c := range crossings {
		t.Run(c.name, func(t *testing.T) {
			reaches(t, &Entry{Sends: []Side{c.sends, c.sends}, Room: maxRoom, Grants: 2}, c.state)
		})
	}
}
