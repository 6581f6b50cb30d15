package model

import (
	"fmt"
	"testing"
)

func TestRoleIsNeverLost(t *testing.T) {
	scenes := []struct {
		name     string
		cast     RoleCast
		messages []uint8
	}{
		{"a waiter and the pump", RoleCast{}, []uint8{1, request}},
		{"the answer last", RoleCast{}, []uint8{request, 1}},
		{"and a context that ends", RoleCast{Cancel: true}, []uint8{1, request}},
		{"no answer, and a context that ends", RoleCast{Cancel: true}, []uint8{request, request}},
		{"the pump runs handlers", RoleCast{Runs: true}, []uint8{request, 1}},
		{"the pump runs handlers, and a context ends", RoleCast{Runs: true, Cancel: true}, []uint8{request, request}},
		{"and a passer", RoleCast{Passer: true}, []uint8{request, 1}},
		{"and a passer and a context that ends", RoleCast{Passer: true, Cancel: true}, []uint8{request}},
	}
	for _, sleeps := range []RolePump{OnBell, OnWords} {
		for _, s := range scenes {
			t.Run(fmt.Sprintf("%v/%s", sleeps, s.name), func(t *testing.T) {
				holds(t, NewRole(RoleRule{}, sleeps, s.cast, s.messages...))
			})
		}
	}
	t.Run("two waiters", func(t *testing.T) {
		holds(t, NewRole(RoleRule{}, OnBell, RoleCast{Waiter2: true, Busy: true}, 1, 2))
	})
	t.Run("two waiters and a context that ends", func(t *testing.T) {
		holds(t, NewRole(RoleRule{}, OnBell, RoleCast{Waiter2: true, Cancel: true, Busy: true}, 2))
	})
}

func TestRoleRuleBroken(t *testing.T) {
	alone, canceled, passed := RoleCast{}, RoleCast{Cancel: true}, RoleCast{Passer: true}
	runs := RoleCast{Runs: true, Cancel: true}
	bell, words, both := []RolePump{OnBell}, []RolePump{OnWords}, []RolePump{OnBell, OnWords}
	breaches := []struct {
		name   string
		rule   RoleRule
		cast   RoleCast
		sleeps []RolePump
	}{
		{"a leader leaves and tells nobody", RoleRule{NoHandOver: true}, alone, both},
		{"without a parked waiter nobody is told", RoleRule{PromoteOnly: true}, alone, both},
		{"no look after the pump is armed", RoleRule{NoLook: true}, alone, both},
		{"the look before the pump is armed", RoleRule{LookFirst: true}, alone, both},
		{"a canceled waiter keeps the role it was given", RoleRule{CanceledKeeps: true}, canceled, both},
		{"a served waiter keeps the role it was given", RoleRule{ServedKeeps: true}, alone, both},
		{"who receives in passing does not hand over", RoleRule{PasserKeeps: true}, passed, both},
		{"an answer for another wakes nobody", RoleRule{SignalsNobody: true}, alone, both},
		{"who parks says so after it has looked for its answer", RoleRule{MarksLate: true}, alone, both},
		{"the pump drains the doorbell after its look", RoleRule{DrainLate: true}, alone, bell},
		{"the note of the bit changes apart from the bit", RoleRule{ArmsUnlocked: true}, alone, both},
		{"the bit is cleared, the note of it stays", RoleRule{KeepsArmedNote: true}, alone, both},
		{"who has its answer leaves the arming to nobody", RoleRule{AsideUntended: true}, alone, both},
		{"who arms does not look whether another has received", RoleRule{ArmsUnrested: true}, passed, both},
		{"who arms does not look whether the pump stands by", RoleRule{ArmsUncalled: true}, passed, both},
		{"who arms for another does not tell the pump", RoleRule{RousesDeaf: true}, alone, both},
		{"a leader naps without a bit of its own", RoleRule{NapsWithoutBit: true}, alone, both},
		{"a leader naps without a second look", RoleRule{NapsUnlooked: true}, alone, both},
		{"a context that ends does not end the nap", RoleRule{NapsDeaf: true}, canceled, both},
		{"a word is armed under a sleep that does not know it", RoleRule{WatchUntold: true}, alone, words},
		{"a sleep compares with the word as it is by then", RoleRule{WatchesOld: true}, alone, words},
		{"a pump that stands by is not called", RoleRule{StandsUncalled: true, PromoteOnly: true}, alone, both},
		{"who wants the role no longer leaves the pump standing", RoleRule{WantsUntold: true}, canceled, both},
		{"a pump stands by for nobody", RoleRule{StandsBlindly: true}, canceled, both},
		{"nobody relieves a pump that runs a handler", RoleRule{AwayUnrelieved: true, AwayUncalled: true, AwayBlindly: true}, runs, both},
		{"nobody tends a connection whose pump runs a handler", RoleRule{AwayUntended: true}, runs, both},
	}
	for _, b := range breaches {
		for _, sleeps := range b.sleeps {
			t.Run(fmt.Sprintf("%s/%v", b.name, sleeps), func(t *testing.T) {
				messages := []uint8{1, request}
				switch {
				case b.rule.NapsDeaf || b.cast.Runs:
					messages = []uint8{request, request}
				case b.cast.Passer:
					messages = []uint8{request, 1}
				}
				breaks(t, NewRole(b.rule, sleeps, b.cast, messages...))
			})
		}
	}
}

// TestRoleHasSpareClauses: the pump that is armed would serve those whom nobody
// promotes, and those that park though the role is free; the caretaker, those that wait
// where nobody is responsible, and those that need a pump which runs a handler. All are for
// speed.
func TestRoleHasSpareClauses(t *testing.T) {
	for _, rule := range []RoleRule{{ArmOnly: true}, {ParksBlindly: true}, {SleepsUnarmed: true}, {AsideBlindly: true}} {
		for _, sleeps := range []RolePump{OnBell, OnWords} {
			holds(t, NewRole(rule, sleeps, RoleCast{Cancel: true}, 1, request))
			holds(t, NewRole(rule, sleeps, RoleCast{Passer: true}, request, 1))
		}
		holds(t, NewRole(rule, OnBell, RoleCast{Waiter2: true, Busy: true}, 1, 2))
	}
	holds(t, NewRole(RoleRule{AwayBlindly: true, AwayUncalled: true}, OnBell, RoleCast{Runs: true, Cancel: true}, request, request))
}

// TestRoleReachesItsHandOvers shows that the searches above see what the rule is for.
func TestRoleReachesItsHandOvers(t *testing.T) {
	states := []struct {
		name  string
		state func(RoleState) bool
	}{
		{"a waiter leads that was promoted", func(s RoleState) bool { return s.held && s.all[waiter2].asked }},
		{"a canceled waiter is promoted", func(s RoleState) bool { return s.all[waiter1].promoted && s.all[waiter1].canceled }},
		{"a served waiter is promoted", func(s RoleState) bool { return s.all[waiter2].promoted && s.all[waiter2].ready }},
		{"the role is taken before the promoted waiter takes it", func(s RoleState) bool { return s.held && s.all[waiter2].promoted }},
		{"a leader naps while the other is parked", func(s RoleState) bool { return s.all[waiter1].asleep && s.queue[0] == waiter2 }},
		{"the pump stands by while a waiter leads", func(s RoleState) bool { return s.held && s.stands }},
		{"a pump that stood by is called", func(s RoleState) bool { return s.all[pump].token }},
		{"a leader leads with the pump's bit set", func(s RoleState) bool { return s.all[waiter1].asleep && s.bellBit }},
	}
	for _, r := range states {
		t.Run(r.name, func(t *testing.T) {
			reaches(t, NewRole(RoleRule{}, OnBell, RoleCast{Waiter2: true, Cancel: true, Busy: true}, 1, 2), r.state)
		})
	}
	t.Run("a waiter leads while the pump runs a handler", func(t *testing.T) {
		reaches(t, NewRole(RoleRule{}, OnBell, RoleCast{Runs: true}, request, 1), func(s RoleState) bool { return s.held && s.away })
	})
}
