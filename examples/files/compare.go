package main

// doneOf is those of files that a run has done.
func doneOf(files []entry, o outcome) []entry {
	done := make(map[string]bool, len(o.results))
	for i := range o.results {
		done[o.results[i].path] = true
	}
	var again []entry
	for _, e := range files {
		if done[e.path] {
			again = append(again, e)
		}
	}
	return again
}

// compare says of which files the two runs found out different things: files that
// changed meanwhile, if the transports are sound. Both lists are in the order of paths.
func (d *demo) compare(first, second outcome) {
	for i, j := 0, 0; i < len(first.results) && j < len(second.results); {
		a, b := &first.results[i], &second.results[j]
		switch {
		case a.path < b.path: // failed in the second run
			i++
			continue
		case a.digest != b.digest || a.packed != b.packed:
			d.say("%s: changed between the runs: %d bytes, SHA-256 %x the second time", a.path, b.digest.Bytes, b.digest.Sha256)
		}
		i, j = i+1, j+1
	}
}
