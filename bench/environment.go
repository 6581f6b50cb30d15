package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// environment is what the figures depend on beside the program.
type environment struct {
	Began      string  `json:"began"` // date and time, UTC
	CPU        string  `json:"cpu"`
	Cores      int     `json:"cores"`
	Go         string  `json:"go"`
	PGO        string  `json:"pgo"` // the profile by which the Go programs are optimised, or "off"
	System     string  `json:"system"`
	Passes     int     `json:"passes"`  // over all cases
	Rounds     int     `json:"rounds"`  // in all of them
	Seconds    float64 `json:"seconds"` // of one measurement
	SlotSize   int     `json:"slot_size"`
	Slots      int     `json:"slots_per_guest"`
	Credit     int     `json:"initial_credit"`
	LoadBefore string  `json:"load_before"` // processes that ran or wanted to, in the last 1, 5, 15 minutes
	LoadAfter  string  `json:"load_after"`
	// Idle is what hosts with guests took while nobody called.
	Idle []idleRow `json:"idle_guests"`
}

// idleRow is what one contender's host took.
type idleRow struct {
	Contender string `json:"contender"`
	idle
}

func readEnvironment(o *options) environment {
	return environment{
		Began: time.Now().UTC().Format("2006-01-02 15:04"),
		CPU:   processor(), Cores: runtime.NumCPU(), System: system(),
		Go: runtime.Version(), PGO: filepath.Base(cmp.Or(profileOfBuild(), "off")),
		Seconds:  o.spell.Seconds(),
		SlotSize: slotSize, Slots: slots, Credit: initialCredit,
		LoadBefore: loadAverage(),
	}
}

func (e environment) String() string {
	return fmt.Sprintf("%s UTC: %s, %d cores, %s (PGO: %s), %s; %d rounds of %g s in %d passes; load %s before, %s after",
		e.Began, e.CPU, e.Cores, e.Go, e.PGO, e.System, e.Rounds, e.Seconds, e.Passes, e.LoadBefore, e.LoadAfter)
}

// processor is the CPU's name as Linux gives it, else the architecture.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // not there on other systems
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func system() string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease") // not there on other systems
	return strings.TrimSpace(runtime.GOOS + "/" + runtime.GOARCH + " " + string(release))
}

// loadAverage are the three load averages, "unknown" where the system does not say.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); err == nil && len(fields) >= 3 {
		return strings.Join(fields[:3], " ")
	}
	return "unknown"
}
