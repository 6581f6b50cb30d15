// Package forecast tells how long a sleep will be from those before it.
package forecast

import "time"

// Brief is the longest sleep that counts as one, some wakes long.
const Brief = 500 * time.Microsecond

// Sleep is the forecast for one sleeper. The zero value expects long sleeps. It is not for
// more than one goroutine at a time.
type Sleep struct {
	trust int8 // above 0: brief sleeps are expected
}

// A single brief sleep begins the expectation; one that is let down takes as many as doubt
// to begin again.
const (
	trusted = 4
	doubt   = -16
)

// Brief says whether the next sleep is expected to be brief.
func (s *Sleep) Brief() bool { return s.trust > 0 }

// Took notes how long a sleep was.
func (s *Sleep) Took(d time.Duration) {
	switch {
	case d < Brief:
		s.trust = min(s.trust+1, trusted)
	case s.trust > 0:
		s.trust = doubt
	}
}
