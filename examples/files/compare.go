package main

import "fmt"

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

// compare says of which files two runs found out different things. The host's CRC-32
// tells why: the file changed between the runs, or guests disagree, which is a fault. Of
// gzip only streams from guests in one language are the same. Both lists are in the order
// of paths.
func (d *demo) compare(first, second outcome) {
	for i, j := 0, 0; i < len(first.results) && j < len(second.results); {
		a, b := &first.results[i], &second.results[j]
		switch {
		case a.path < b.path: // failed in the second run
			i++
			continue
		case a.sum != b.sum || a.digest.Bytes != b.digest.Bytes:
			d.say("%s: changed between the runs: %d bytes, SHA-256 %x the second time", a.path, b.digest.Bytes, b.digest.Sha256)
		case a.digest != b.digest || a.by.language == b.by.language && a.packed != b.packed:
			d.disputed++
			d.say("%s: guests disagree: %s over %s, %s over %s", a.path, a, first.way.title, b, second.way.title)
		}
		i, j = i+1, j+1
	}
}

// String is what a guest found out.
func (r *result) String() string {
	return fmt.Sprintf("%s found SHA-256 %x, %d lines and %d bytes of gzip", r.by, r.digest.Sha256, r.digest.Lines, r.packed)
}
