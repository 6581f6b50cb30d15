package main

// series are the samples of all rounds.
type series map[seriesKey]map[int]sample // by round

// seriesKey names a case and a contender.
type seriesKey struct{ inCase, contender string }

func (s series) add(bc benchCase, c contender, round int, got sample) {
	key := seriesKey{bc.name, c.name}
	if s[key] == nil {
		s[key] = make(map[int]sample)
	}
	s[key][round] = got
}

// of is what was measured, in the order of the rounds.
func (s series) of(bc benchCase, c contender) []sample {
	byRound := s[seriesKey{bc.name, c.name}]
	var samples []sample
	for round := range s.rounds() {
		if got, ok := byRound[round]; ok {
			samples = append(samples, got)
		}
	}
	return samples
}

// at is what was measured in one round.
func (s series) at(bc benchCase, c contender, round int) (sample, bool) {
	got, ok := s[seriesKey{bc.name, c.name}][round]
	return got, ok
}

// rounds is how many rounds there are, an unfinished one included.
func (s series) rounds() int {
	n := 0
	for _, byRound := range s {
		for round := range byRound {
			n = max(n, round+1)
		}
	}
	return n
}

// ours is the contender by which this project is judged: the default engine, or the
// other one where that was not measured.
func (s series) ours() contender {
	for key := range s {
		if key.contender == roamCgo.name {
			return roamCgo
		}
	}
	return roamGo
}
