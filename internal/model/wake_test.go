package model

import "testing"

// scenes are the ways to wait.
var scenes = map[string]func(WakeRule) *Wake{
	"futex":                                  FutexWake,
	"doorbell":                               BellWake,
	"two waiters":                            CountedWake,
	"one doorbell for two":                   func(r WakeRule) *Wake { return SharedBellWake(r, false) },
	"one doorbell for two, the reader first": func(r WakeRule) *Wake { return SharedBellWake(r, true) },
}

func TestWakeRuleLosesNoWake(t *testing.T) {
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) { holds(t, scene(WakeRule{})) })
	}
}

func TestWakeRuleBroken(t *testing.T) {
	breaches := []struct {
		name  string
		rule  WakeRule
		scene []string
	}{
		{"no fence between the store and the flags", WakeRule{NoWakerFence: true}, []string{"futex", "doorbell", "two waiters", "one doorbell for two"}},
		{"flags read before the store", WakeRule{FlagsFirst: true}, []string{"futex", "doorbell", "two waiters", "one doorbell for two"}},
		{"no fence between the bit and the second look", WakeRule{NoWaiterFence: true}, []string{"futex", "doorbell", "two waiters", "one doorbell for two"}},
		{"no second look", WakeRule{NoSecondLook: true}, []string{"doorbell", "one doorbell for two"}},
		{"the second look is not acted upon", WakeRule{SleepsOnNewWord: true}, []string{"futex"}},
		{"the second look before the bit", WakeRule{LookBeforeBit: true}, []string{"doorbell", "one doorbell for two"}},
		{"the doorbell drained after the second look", WakeRule{DrainLast: true}, []string{"doorbell"}},
		{"the first waiter that leaves clears the bit", WakeRule{FirstClears: true}, []string{"two waiters"}},
		{"the bit changes after the count", WakeRule{BitOutsideLock: true}, []string{"two waiters"}},
		{"the reader looks for itself", WakeRule{ReaderForItself: true}, []string{"one doorbell for two", "one doorbell for two, the reader first"}},
		{"two threads read one doorbell", WakeRule{TwoReaders: true}, []string{"one doorbell for two", "one doorbell for two, the reader first"}},
	}
	for _, b := range breaches {
		for _, scene := range b.scene {
			t.Run(b.name+"/"+scene, func(t *testing.T) { breaks(t, scenes[scene](b.rule)) })
		}
	}
}

// TestFutexIsItsOwnSecondLook: the kernel compares the word with what the first look
// saw, after the bit is set.
func TestFutexIsItsOwnSecondLook(t *testing.T) {
	holds(t, FutexWake(WakeRule{NoSecondLook: true}))
	holds(t, FutexWake(WakeRule{LookBeforeBit: true}))
}
