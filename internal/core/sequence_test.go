package core

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// sequences is how many random sequences a test run plays.
const sequences = 2500

// seeded chooses by a generator, for a number of picks.
type seeded struct {
	*rand.Rand
	left int
}

func newSeeded(seed uint64) *seeded {
	r := rand.New(rand.NewPCG(seed, 0))
	return &seeded{Rand: r, left: 100 + r.IntN(5000)}
}

func (s *seeded) pick(n int) int {
	s.left--
	return s.IntN(n)
}

func (s *seeded) over() bool { return s.left <= 0 }

// scripted chooses by bytes, and always 0 after them.
type scripted struct{ script []byte }

func (s *scripted) pick(n int) int {
	if len(s.script) == 0 {
		return 0
	}
	b := s.script[0]
	s.script = s.script[1:]
	return int(b) % n
}

func (s *scripted) over() bool { return len(s.script) == 0 }

// play plays one sequence; one that goes wrong is played again with a trace.
func play(choose func() chooser, broken breakage) error {
	if newWorld(choose(), broken).run() == nil {
		return nil
	}
	w := newWorld(choose(), broken)
	w.traced = true
	return w.run()
}

func playSeed(seed uint64, broken breakage) error {
	if err := play(func() chooser { return newSeeded(seed) }, broken); err != nil {
		return fmt.Errorf("seed %d: %w", seed, err)
	}
	return nil
}

func TestRandomSequencesOfTwoCores(t *testing.T) {
	for seed := range uint64(sequences) {
		require.NoError(t, playSeed(seed, breakage{}))
	}
}

// FuzzSequence plays the sequence that the input's bytes choose.
func FuzzSequence(f *testing.F) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		script := make([]byte, 100+r.IntN(2000))
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		require.NoError(t, play(func() chooser { return &scripted{script} }, breakage{}))
	})
}
