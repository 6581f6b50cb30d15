package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSpreadIsMedianAndMiddleHalf(t *testing.T) {
	value := func(v float64) float64 { return v }
	assert.Equal(t, spread{low: 1, mid: 3, high: 9}, spreadOf([]float64{9, 1, 3}, value))
	assert.Equal(t, spread{low: 2, mid: 2.5, high: 3}, spreadOf([]float64{9, 2, 1, 3}, value))
	assert.Equal(t, spread{low: 4, mid: 6.5, high: 9}, spreadOf([]float64{12, 2, 11, 1, 3, 4, 5, 6, 7, 8, 9, 10}, value))
}

// everything is a report in which each contender did each of its cases.
func everything() report {
	s := make(series)
	for _, bc := range cases {
		for i, c := range contenders {
			if !c.takes(bc) {
				continue
			}
			got := sample{Ops: 1000, Seconds: 1, Times: new(histogram), Mallocs: 2000, CPU: 3_000_000}
			for n := range 1000 {
				got.Times.add(time.Duration((i + 1) * (n + 1000)))
			}
			if bc.where == crowded {
				got.Idle = &idle{Guests: bc.guests, CPU: 0.002, Threads: 9, Heap: 50 << 10}
			}
			s.add(bc, c, 0, got)
		}
	}
	return makeReport(environment{CPU: "a CPU <with> a name"}, s)
}

func TestRowCountsByOperationAndItem(t *testing.T) {
	r := everything()
	call := r.row(largeCall, roamCgo)
	assert.Equal(t, 1000.0, call.CallsPerSec)
	assert.Equal(t, 1000.0*2*largePayload, call.BytesPerSec)
	assert.Equal(t, 2.0, call.AllocsPerOp)
	assert.Equal(t, 3000.0, call.CPUPerOp)
	items := r.row(upLarge, roamCgo)
	assert.Equal(t, 1000.0*largeItems, items.CallsPerSec)
	assert.Equal(t, 1000.0*largeItems*largeItem, items.BytesPerSec)
	assert.Equal(t, 2.0/largeItems, items.AllocsPerOp)
}

func TestATailOfFewOperationsIsNotShown(t *testing.T) {
	r := row{P99: 1000, P999: 2000, Rounds: 2}
	for range 1999 {
		r.times.add(1)
	}
	assert.Equal(t, "1 us", r.P99Text())
	assert.Empty(t, r.P999Text(), "the largest of a round")
	r.times.add(1)
	assert.Equal(t, "2 us", r.P999Text())
}

func TestJSONHasTheFieldsThatWereAgreedOn(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, everything().writeJSON(&out))
	var got struct {
		Env          map[string]any
		Rows, Ratios []map[string]any
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	var top map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &top))
	assert.ElementsMatch(t, []string{"env", "rows", "ratios"}, slices.Collect(maps.Keys(top)))
	require.NotEmpty(t, got.Env)
	require.NotEmpty(t, got.Rows)
	require.Len(t, got.Ratios, len(rulesFor(roamCgo)))
	for _, row := range got.Rows {
		assert.ElementsMatch(t, []string{"case", "contender", "p50_ns", "p99_ns", "p999_ns", "calls_per_s",
			"bytes_per_s", "allocs_per_op", "cpu_ns_per_op", "rounds"}, slices.Collect(maps.Keys(row)))
	}
	for _, ratio := range got.Ratios {
		assert.ElementsMatch(t, []string{"name", "value", "goal", "floor", "holds"}, slices.Collect(maps.Keys(ratio)))
	}
}

func TestTableNamesEveryCaseContenderAndRatio(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, everything().print(&out))
	assertNamesAll(t, out.String())
}

func TestPageNeedsNothingElse(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, everything().writeHTML(&out))
	page := out.String()
	assert.Contains(t, page, `<meta name="viewport"`)
	assert.Contains(t, page, "a CPU &lt;with&gt; a name")
	assert.GreaterOrEqual(t, strings.Count(page, "<svg "), 15)
	assertNamesAll(t, strings.ReplaceAll(page, "&#39;", "'"))
	for _, namespace := range []string{`xmlns="http://www.w3.org/2000/svg"`, `xmlns:xlink="http://www.w3.org/1999/xlink"`} {
		page = strings.ReplaceAll(page, namespace, "")
	}
	for _, outside := range []string{"http:", "https:", "<script", "<link", "@import", " src="} {
		assert.NotContains(t, page, outside)
	}
}

func assertNamesAll(t *testing.T, text string) {
	t.Helper()
	for _, bc := range cases {
		assert.Contains(t, text, bc.name)
	}
	for _, c := range contenders {
		assert.Contains(t, text, c.name)
	}
	for _, r := range rulesFor(roamCgo) {
		assert.Contains(t, text, r.name)
	}
}

func TestReportOfLittleIsWritten(t *testing.T) {
	s := make(series)
	s.add(onOneCPU, bareUnix, 0, sample{Ops: 1, Seconds: 1, Times: histogramOf(0)})
	r := makeReport(environment{}, s)
	var out bytes.Buffer
	require.NoError(t, r.print(&out))
	require.NoError(t, r.writeHTML(&out))
	require.NoError(t, makeReport(environment{}, make(series)).writeHTML(&out))
}
