package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shortRun measures what matches pattern with this test program as every contender.
func shortRun(t *testing.T, pattern string, rounds int) series {
	t.Helper()
	o, err := parseOptions([]string{"-run", pattern}, io.Discard)
	require.NoError(t, err)
	o.spell = time.Millisecond
	program, err := os.Executable()
	require.NoError(t, err)
	s := make(series)
	for round := range rounds {
		require.NoError(t, o.round(&programs{cgo: program, pure: program}, round, s))
	}
	return s
}

func TestRoundMeasuresEveryCaseWithEveryContender(t *testing.T) {
	s := shortRun(t, "", 1)
	for _, bc := range cases {
		for _, c := range contenders {
			samples := s[bc.name][c.name]
			require.Len(t, samples, 1, "%s, %s", bc.name, c.name)
			assert.Positive(t, samples[0].Ops)
			assert.Positive(t, samples[0].P50)
			assert.GreaterOrEqual(t, samples[0].P99, samples[0].P50)
		}
	}
}

func TestRunPatternChoosesCasesAndContenders(t *testing.T) {
	s := shortRun(t, "^unary add, 1 caller/bare", 2)
	require.Len(t, s, 1)
	require.Len(t, s[cases[0].name], 1)
	assert.Len(t, s[cases[0].name][bareUnix.name], 2)
}

func TestReportIsWrittenAsTableAndJSON(t *testing.T) {
	s := shortRun(t, "add, 1 caller/(bare|roam)", 1)
	r := makeReport(readEnvironment(&options{rounds: 1}), s)
	var table bytes.Buffer
	require.NoError(t, r.print(&table))
	assert.Contains(t, table.String(), roamCgo.name)

	path := filepath.Join(t.TempDir(), "bench.json")
	require.NoError(t, r.writeJSON(path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var got report
	require.NoError(t, json.Unmarshal(text, &got))
	assert.Len(t, got.Rows, len(contenders))
	assert.Equal(t, r.Rows, got.Rows)
}

func TestHostProcessReportsUnknownCase(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	p, err := startProcess(program, bareUnix, "")
	require.NoError(t, err)
	_, err = p.measure(benchCase{name: "no such case"}, time.Millisecond)
	assert.ErrorContains(t, err, `unknown case "no such case"`)
	assert.NoError(t, p.end())
}
