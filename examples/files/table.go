package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/rivo/uniseg"
)

// widestPath is how wide the path's column gets at most, in places of a terminal; the
// few longer ones push their own row to the right.
const widestPath = 60

// writeTable writes one row for each file.
func writeTable(out io.Writer, results []result) error {
	w := bufio.NewWriter(out)
	paths := make([]string, len(results))
	pathWidth, bytesWidth, packedWidth := len("path"), len("bytes"), len("gzip bytes")
	for i := range results {
		r := &results[i]
		paths[i] = printable(r.path)
		pathWidth = max(pathWidth, min(uniseg.StringWidth(paths[i]), widestPath))
		bytesWidth = max(bytesWidth, len(strconv.FormatUint(r.digest.Bytes, 10)))
		packedWidth = max(packedWidth, len(strconv.FormatUint(r.packed, 10)))
	}
	fmt.Fprintf(w, "%s  %*s  %-64s  %*s  guest  in\n", pad("path", pathWidth), bytesWidth, "bytes", "SHA-256", packedWidth, "gzip bytes")
	for i := range results {
		r := &results[i]
		fmt.Fprintf(w, "%s  %*d  %x  %*d  %5d  %s\n", pad(paths[i], pathWidth),
			bytesWidth, r.digest.Bytes, r.digest.Sha256, packedWidth, r.packed, r.by.number, r.by.language)
	}
	return w.Flush()
}

// pad fills text up to width places of a terminal.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-uniseg.StringWidth(text)))
}

// writeTotals writes what the table sums up to.
func writeTotals(out io.Writer, o outcome) error {
	read, packed := o.bytes()
	percent := 0.0
	if read > 0 {
		percent = 100 * float64(packed) / float64(read)
	}
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "\n%d files, %d bytes, %d bytes of gzip (%.1f %%)\n", len(o.results), read, packed, percent)
	for _, s := range o.shares() {
		fmt.Fprintf(w, "%-13s  %4d files  %8s/s  %d bytes\n", "guests in "+s.language, s.files, humanBytes(rate(s.read, o.took)), s.read)
	}
	return w.Flush()
}

// writeTimes sets the runs beside each other. The last two have guests of one kind, over
// shared memory and over Unix sockets.
func writeTimes(out io.Writer, runs []outcome) error {
	w := bufio.NewWriter(out)
	for _, o := range runs {
		w.WriteString(timeRow(o))
	}
	shared, unix := runs[len(runs)-2], runs[len(runs)-1]
	ratio := 0.0
	if shared.took > 0 {
		ratio = unix.took.Seconds() / shared.took.Seconds()
	}
	fmt.Fprintf(w, "%-13s  %10.2f, time over Unix sockets by time over shared memory\n", "ratio", ratio)
	return w.Flush()
}

// timeRow is how long a run took, what it moved in that time, and by which guests.
func timeRow(o outcome) string {
	read, _ := o.bytes()
	var languages []string
	for _, s := range o.shares() {
		languages = append(languages, string(s.language))
	}
	lost := ""
	if o.lost > 0 {
		lost = fmt.Sprintf(", lost: %d", o.lost)
	}
	return fmt.Sprintf("%-13s  %8.3f s  %8s/s  guests in %s%s\n", o.way.title, o.took.Seconds(),
		humanBytes(rate(read, o.took)), strings.Join(languages, " and "), lost)
}

func rate(read uint64, took time.Duration) int64 {
	if took <= 0 {
		return 0
	}
	return int64(float64(read) / took.Seconds())
}

// humanBytes is a count with three digits or so, in decimal units.
func humanBytes(n int64) string {
	units := []string{"kB", "MB", "GB", "TB", "PB"}
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n)/1000, 0
	for v >= 999.95 && unit < len(units)-1 {
		v, unit = v/1000, unit+1
	}
	return fmt.Sprintf("%.1f %s", v, units[unit])
}
