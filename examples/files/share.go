package main

// share is what the guests of one language did of a run.
type share struct {
	language      language
	guests, files int
	read, packed  uint64 // bytes
}

// shares is that of each language that the run had guests in, in the order of the first.
func (o *outcome) shares() []share {
	var shares []share
	of := func(l language) *share {
		for i := range shares {
			if shares[i].language == l {
				return &shares[i]
			}
		}
		shares = append(shares, share{language: l})
		return &shares[len(shares)-1]
	}
	for _, g := range o.guests {
		of(g.language).guests++
	}
	for i := range o.results {
		r := &o.results[i]
		s := of(r.by.language)
		s.files++
		s.read += r.digest.Bytes
		s.packed += r.packed
	}
	return shares
}

// has says that the run had guests in a language.
func (o *outcome) has(l language) bool {
	for _, g := range o.guests {
		if g.language == l {
			return true
		}
	}
	return false
}
