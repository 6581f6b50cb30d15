package main

import (
	"math"
	"strconv"
	"strings"
)

// unit is a name for a size.
type unit struct {
	size float64
	name string
}

// Units, from large to small.
var (
	timeUnits  = []unit{{1e9, " s"}, {1e6, " ms"}, {1e3, " us"}, {1, " ns"}}
	countUnits = []unit{{1e6, " M"}, {1e3, " k"}, {1, ""}}
)

// in writes v in the largest unit that it has at least one of, else in the smallest.
func in(units []unit, v float64) string {
	last := len(units) - 1
	for _, u := range units[:last] {
		if v >= u.size {
			return number(v/u.size) + u.name
		}
	}
	return number(v/units[last].size) + units[last].name
}

// number writes three digits, or all that stand before the point.
func number(v float64) string {
	if v == 0 {
		return "0"
	}
	decimals := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if decimals > 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// duration writes ns; none is no text.
func duration(ns float64) string { return unlessZero(ns, in(timeUnits, ns)) }

// count writes a whole number; none is no text.
func count(n float64) string { return unlessZero(n, strconv.FormatFloat(n, 'f', 0, 64)) }

// megabytes writes 10^6 bytes; none is no text.
func megabytes(n float64) string { return count(n / 1e6) }

// rounded writes a count to three digits.
func rounded(n float64) string { return in(countUnits, n) }

func unlessZero(v float64, text string) string {
	if v == 0 {
		return ""
	}
	return text
}
