package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testPrograms are this test program as every contender, and the C programs where they
// can be built.
func testPrograms(t *testing.T) *programs {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := &programs{dir: t.TempDir(), files: map[program]string{cgoProgram: self, pureProgram: self}}
	source, err := sourceDir()
	require.NoError(t, err)
	for _, want := range []program{floorProgram, pathProgram, guestProgram} {
		if err := p.build(source, want); err != nil {
			t.Logf("without a C program: %v", err)
		}
	}
	return p
}

// shortRun measures what matches pattern.
func shortRun(t *testing.T, pattern string, passes, rounds int) (*programs, series) {
	t.Helper()
	o, err := parseOptions([]string{"-run", pattern}, io.Discard)
	require.NoError(t, err)
	o.spell, o.rounds, o.crowds = time.Millisecond, rounds, rounds
	p, s := testPrograms(t), make(series)
	for pass := range passes {
		require.NoError(t, o.pass(p, pass, s))
	}
	return p, s
}

func TestPassMeasuresEveryCaseWithItsContenders(t *testing.T) {
	p, s := shortRun(t, "^(unary|stream|open|sporadic|nested|[14] guest)", 1, 1)
	for _, bc := range cases {
		if bc.guests > 4 {
			continue // more of the same processes
		}
		for _, c := range contenders {
			got, ok := s.at(bc, c, 0)
			require.Equal(t, c.takes(bc) && p.has(c), ok, "%s, %s", bc.name, c.name)
			if !ok {
				continue
			}
			assert.Positive(t, got.Ops, "%s, %s", bc.name, c.name)
			if bc.load == halfOpen {
				assert.Positive(t, got.Times.total, "%s, %s", bc.name, c.name)
				assert.Greater(t, got.Ops, got.Times.total, "%s, %s", bc.name, c.name)
			} else {
				assert.Equal(t, got.Ops, got.Times.total, "%s, %s", bc.name, c.name)
			}
			assert.GreaterOrEqual(t, got.Times.quantile(0.99), got.Times.quantile(0.5))
			assert.Equal(t, bc.where == crowded, got.Idle != nil)
		}
	}
}

func TestRunPatternChoosesCasesAndContenders(t *testing.T) {
	_, s := shortRun(t, "^unary 32 B, 1 caller/bare", 1, 1)
	assert.Len(t, s, 1)
	assert.Len(t, s.of(smallCall, bareUnix), 1)
}

func TestReportIsWrittenWhereItIsAskedFor(t *testing.T) {
	_, s := shortRun(t, "^unary add, 1 caller/(loopback|roam)", 1, 1)
	dir := t.TempDir()
	o := &options{json: filepath.Join(dir, "bench.json"), html: filepath.Join(dir, "bench.html")}
	var table bytes.Buffer
	require.NoError(t, makeReport(readEnvironment(o), s).write(o, &table))
	assert.Contains(t, table.String(), loopback.name)
	for _, file := range []string{o.json, o.html} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Contains(t, string(text), loopback.name)
	}
}

func TestRoundsOfAllPassesCount(t *testing.T) {
	_, s := shortRun(t, "^unary 4 KiB, 1 caller/(roam pure Go|bare)", 2, 3)
	bc, _ := caseNamed("unary 4 KiB, 1 caller")
	assert.Len(t, s.of(bc, roamGo), 6)
	assert.Len(t, s.of(bc, bareUnix), 6, "somebody wants it")
}

func TestWhatNoRatioIsOfIsMeasuredOnceAPass(t *testing.T) {
	o, err := parseOptions(nil, io.Discard)
	require.NoError(t, err)
	st := &stage{options: &o}
	assert.Equal(t, fullRounds, st.roundsOf(smallCall, bareUnix))
	assert.Equal(t, 1, st.roundsOf(largeCall, bareUnix))
	assert.Equal(t, fullRounds, st.roundsOf(largeCall, roamCgo))
}

// TestCrowdsSitIdleOnceAPass: they are looked at after the first of their rounds.
func TestCrowdsSitIdleOnceAPass(t *testing.T) {
	const passes, rounds = 2, 2
	_, s := shortRun(t, "^1 guest/roam pure Go", passes, rounds)
	got := s.of(oneGuest, roamGo)
	require.Len(t, got, passes*rounds)
	for i, one := range got {
		assert.GreaterOrEqual(t, one.Seconds, crowdSpell.Seconds())
		assert.Equal(t, i%rounds == 0, one.Idle != nil)
	}
	assert.Equal(t, 1, middleIdle(got).Guests)
	assert.Nil(t, middleIdle([]sample{{}}))
}

func TestCrowdsOfAQuickRunAreMeasuredOnceAPass(t *testing.T) {
	o, err := parseOptions([]string{"-quick"}, io.Discard)
	require.NoError(t, err)
	st := &stage{options: &o}
	assert.Equal(t, 1, st.roundsOf(guests64, roamCgo))
	assert.Equal(t, quickRounds, st.roundsOf(smallCall, roamCgo))
}

func TestContendersTakeTurns(t *testing.T) {
	n := len(contenders)
	before := make(map[[2]int]int) // how often the one was before the other
	first := make([]int, n)        // how often each was first
	for round := range 2 * n {
		place := make(map[int]int)
		for i := range n {
			place[inTurn(i, round)] = i
		}
		require.Len(t, place, n)
		first[inTurn(0, round)]++
		for a := range n {
			for b := range a {
				if place[a] < place[b] {
					before[[2]int{a, b}]++
				}
			}
		}
	}
	for a := range n {
		assert.Equal(t, 2, first[a], a)
		for b := range a {
			assert.Equal(t, n, before[[2]int{a, b}], "%d before %d", a, b)
		}
	}
}

func TestOnlyTheFirstPassBeginsWithoutTime(t *testing.T) {
	o := &options{passes: 3, limit: -1}
	s := make(series)
	var said bytes.Buffer
	passes, err := o.measurePasses(&programs{}, s, time.Now(), &said)
	require.NoError(t, err)
	assert.Equal(t, 1, passes)
	assert.Empty(t, s)
	assert.Contains(t, said.String(), "no time for more than 1 of 3 passes")
}

func TestHostProcessReportsUnknownCase(t *testing.T) {
	p, err := bareUnix.start(testPrograms(t).files, anywhere, "")
	require.NoError(t, err)
	_, err = p.measure(command{Case: "no such case", For: time.Millisecond})
	assert.ErrorContains(t, err, `unknown case "no such case"`)
	_, err = p.measure(command{Case: oneGuest.name, For: time.Millisecond})
	assert.ErrorContains(t, err, `"1 guest" is not for this transport`)
	assert.NoError(t, p.end())
}

func TestDurationsOfTheCProgramAddUpToItsTime(t *testing.T) {
	p := testPrograms(t)
	if p.files[floorProgram] == "" {
		t.Skip("there is no C compiler")
	}
	got, err := (&floor{file: p.files[floorProgram], mode: floorSpin}).measure(command{Case: smallCall.name, For: 10 * time.Millisecond})
	require.NoError(t, err)
	total := 0.0
	for step, n := range got.Times.counts {
		total += middle(step) * float64(n)
	}
	assert.LessOrEqual(t, total, got.Seconds*1e9*1.01)
	assert.Equal(t, got.Ops, got.Times.total)
	assert.Positive(t, got.CPU)
}
