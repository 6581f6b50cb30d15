package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDemoDoesEveryFileAndKeepsItsGzip(t *testing.T) {
	files := oddFiles()
	dir := tree(t, files)
	addNoFiles(t, dir)
	forGuests(t, func(t *testing.T, guest guestChoice) {
		into := t.TempDir()
		out, jsonFile := filepath.Join(into, "out"), filepath.Join(into, "report.json")

		status, stdout, stderr := runDemo(t, "--json", jsonFile, "--out", out, "--guests", "4", "--guest", string(guest), dir)
		require.Zero(t, status, stderr)

		rep := readReport(t, jsonFile)
		assert.Equal(t, "shm", rep.Transport)
		requireResults(t, files, 4, rep)
		requireGzips(t, files, out, rep)
		requireLanguages(t, guest, rep)
		assert.ElementsMatch(t, []string{"out", "report.json"}, names(t, into))

		assert.NotContains(t, stderr, "demo:", "complaints")
		requireTable(t, files, stdout)
		requireTimes(t, guest, stdout)
		assert.Len(t, pids(stderr), 4*len(fleetsOf[guest]), "four guests for each run")
	})
}

// requireLanguages wants guests 2 and 4 of both languages to be in C, and files for each.
func requireLanguages(t *testing.T, guest guestChoice, rep report) {
	t.Helper()
	totals := make(map[string]languageReport)
	for _, f := range rep.Files {
		want := inGo
		if guest == guestsInC || guest == guestsInBoth && f.Guest%2 == 0 {
			want = inC
		}
		assert.Equal(t, string(want), f.Language, "guest %d", f.Guest)
		total := totals[f.Language]
		totals[f.Language] = languageReport{Files: total.Files + 1, Bytes: total.Bytes + f.Bytes, GzipBytes: total.GzipBytes + f.GzipBytes}
	}
	require.Len(t, rep.Languages, map[guestChoice]int{guestsInGo: 1, guestsInC: 1, guestsInBoth: 2}[guest])
	for _, l := range rep.Languages {
		want := totals[l.Language]
		assert.Positive(t, l.BytesPerSecond)
		want.Language, want.Guests, want.BytesPerSecond = l.Language, 4/len(rep.Languages), l.BytesPerSecond
		assert.Equal(t, want, l)
		assert.Positive(t, l.Files, "%s did some", l.Language)
	}
}

// fleetsOf are the guests of each run.
var fleetsOf = map[guestChoice][]string{
	guestsInGo:   {"shared memory in Go", "Unix sockets in Go"},
	guestsInC:    {"shared memory in C", "shared memory in Go", "Unix sockets in Go"},
	guestsInBoth: {"shared memory in Go and C", "shared memory in Go", "Unix sockets in Go"},
}

var timeLine = regexp.MustCompile(`(?m)^(shared memory|Unix sockets) .* guests (in [^\n]*)$`)

// requireTimes wants a row for each run, and the ratio.
func requireTimes(t *testing.T, guest guestChoice, stdout string) {
	t.Helper()
	var rows []string
	for _, m := range timeLine.FindAllStringSubmatch(stdout, -1) {
		rows = append(rows, m[1]+" "+m[2])
	}
	assert.Equal(t, fleetsOf[guest], rows)
	assert.Contains(t, stdout, "\nratio  ")
}

// requireTable wants one row a file, sorted by name.
func requireTable(t *testing.T, files map[string]string, stdout string) {
	t.Helper()
	rows, _, _ := strings.Cut(stdout, "\n\n")
	lines := strings.Split(rows, "\n")[1:]
	require.Len(t, lines, len(files))
	var paths []string
	for path := range files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for i, path := range paths {
		assert.True(t, strings.HasPrefix(lines[i], printable(path)+"  "), "row %d is of %q: %q", i, path, lines[i])
	}
}

func TestReportHasItsShape(t *testing.T) {
	dir := tree(t, map[string]string{"a": "one\ntwo"})
	jsonFile := filepath.Join(t.TempDir(), "report.json")
	status, _, stderr := runDemo(t, "--guest=go", "--guests=1", "--json="+jsonFile, dir)
	require.Zero(t, status, stderr)
	text, err := os.ReadFile(jsonFile)
	require.NoError(t, err)
	var rep map[string]any
	require.NoError(t, json.Unmarshal(text, &rep))
	require.IsType(t, 0.0, rep["seconds"])
	delete(rep, "seconds")
	packed := rep["files"].([]any)[0].(map[string]any)["gzip_bytes"]
	rate := rep["languages"].([]any)[0].(map[string]any)["bytes_per_second"]
	assert.Positive(t, rate)
	assert.Equal(t, map[string]any{
		"files": []any{map[string]any{
			"path": "a", "bytes": 7.0, "lines": 1.0, "gzip_bytes": packed, "guest": 1.0, "language": "Go",
			"sha256": "21066d108d5319ecb5a1fc4454f42ef22fc5f1c7df49c31d90294950e0ea8b2c",
		}},
		"languages": []any{map[string]any{
			"language": "Go", "guests": 1.0, "files": 1.0, "bytes": 7.0, "gzip_bytes": packed, "bytes_per_second": rate,
		}},
		"bytes": 7.0, "transport": "shm",
	}, rep)
}

func TestFolderWithoutFilesIsDone(t *testing.T) {
	jsonFile := filepath.Join(t.TempDir(), "report.json")
	status, stdout, stderr := runDemo(t, "--json", jsonFile, t.TempDir())
	require.Zero(t, status, stderr)
	assert.Contains(t, stdout, "\n0 files, 0 bytes")
	text, err := os.ReadFile(jsonFile)
	require.NoError(t, err)
	assert.Contains(t, string(text), `"files":[]`)
}

func TestArgumentsThatCannotBeCarriedOutStartNothing(t *testing.T) {
	dir := tree(t, map[string]string{"sub/a": "a"})
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"MissingDir", []string{filepath.Join(dir, "none")}, "no such file"},
		{"DirIsAFile", []string{filepath.Join(dir, "sub", "a")}, "is not a folder"},
		{"Guests", []string{"--guests=256", dir}, "1 to 255"},
		{"Guest", []string{"--guest=rust", dir}, "c, go or both"},
		{"OutIsDir", []string{"--out", dir, dir}, "--out must be another folder"},
		{"OutHoldsDir", []string{"--out", dir, filepath.Join(dir, "sub")}, "--out must be another folder"},
		{"OutIsAFile", []string{"--out", filepath.Join(dir, "sub", "a"), dir}, "--out:"},
		{"JSONNowhere", []string{"--json", filepath.Join(dir, "none", "j"), dir}, "--json:"},
		{"JSONIsAFolder", []string{"--json", dir, dir}, "--json:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, stdout, stderr := runDemo(t, c.args...)
			assert.Equal(t, exitUsage, status)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, c.says)
			assert.Empty(t, pids(stderr))
		})
	}
	assert.Equal(t, []string{"sub"}, names(t, dir))
}

func TestHelpSaysHowItIsUsed(t *testing.T) {
	status, stdout, stderr := runDemo(t, "--help")
	assert.Zero(t, status)
	assert.Empty(t, stderr)
	assert.Equal(t, help, stdout)
}

// A file whose gzip finds no place is reported; the others go on. a.gz is a folder, so
// the gzip of a cannot be there.
func TestFileThatFailsDoesNotStopTheOthers(t *testing.T) {
	files := map[string]string{"a": "a", "a.gz/b": "b", "c": "c"}
	dir := tree(t, files)
	out, jsonFile := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "j")
	require.NoError(t, os.MkdirAll(filepath.Join(out, "a.gz"), 0o777))
	status, stdout, stderr := runDemo(t, "--json", jsonFile, "--out", out, dir)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, stderr, "demo: a: ")
	assert.Contains(t, stderr, "demo: not all files were done\n")
	assert.Contains(t, stdout, "\n2 files, 2 bytes")
	assert.Contains(t, stdout, "\nratio")
	delete(files, "a")
	rep := readReport(t, jsonFile)
	requireResults(t, files, 2, rep)
	requireGzips(t, files, out, rep)
}

// What the user may not read is reported; the rest goes on, and the status says so. Root
// may read everything, so the demo then runs as somebody else, with a program and a tree
// that somebody else may use.
func TestFilesThatMayNotBeReadAreReported(t *testing.T) {
	files := map[string]string{"a": "a", "closed": "closed", "shut/below": "below", "z": "z"}
	dir, into := tree(t, files), t.TempDir()
	require.NoError(t, os.Chmod(filepath.Join(dir, "closed"), 0))
	require.NoError(t, os.Chmod(filepath.Join(dir, "shut"), 0))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "shut"), 0o700) })
	jsonFile, out := filepath.Join(into, "j"), filepath.Join(into, "out")

	p := prepare(t, "--guest=go", "--json", jsonFile, "--out", out, dir)
	if os.Getuid() == 0 {
		asNobody(t, p, dir, into)
	}
	p.start(t)
	status := p.wait(t)
	assert.Equal(t, exitFailed, status)
	stderr := p.stderr.String()
	assert.Contains(t, stderr, "/closed: permission denied\n")
	assert.Contains(t, stderr, "/shut: permission denied\n")
	assert.Contains(t, stderr, "demo: not all files were done\n")
	assert.Equal(t, 3, strings.Count(stderr, "demo: "), "each once: %s", stderr)
	assert.Contains(t, p.stdout.String(), "\nratio")
	delete(files, "closed")
	delete(files, "shut/below")
	rep := readReport(t, jsonFile)
	requireResults(t, files, 2, rep)
	requireGzips(t, files, out, rep)
}

func TestFolderForGzipInsideIsNotStreamed(t *testing.T) {
	files := map[string]string{"a": "a", "sub/b": "b"}
	dir := tree(t, files)
	out := filepath.Join(dir, "sub", "out")
	for range 2 { // the second run finds the first one's files there
		jsonFile := filepath.Join(t.TempDir(), "j")
		status, _, stderr := runDemo(t, "--json", jsonFile, "--out", out, dir)
		require.Zero(t, status, stderr)
		rep := readReport(t, jsonFile)
		requireResults(t, files, 2, rep)
		requireGzips(t, files, out, rep)
	}
}

func TestReportInsideTheFolderIsNoneOfItsFiles(t *testing.T) {
	files := map[string]string{"a": "a"}
	dir := tree(t, files)
	jsonFile := filepath.Join(dir, "report.json")
	status, _, stderr := runDemo(t, "--guest=go", "--json", jsonFile, dir)
	require.Zero(t, status, stderr)
	requireResults(t, files, 2, readReport(t, jsonFile))
	assert.NotContains(t, stderr, "demo:")
}

func TestReportGoesIntoAPipe(t *testing.T) {
	dir := tree(t, map[string]string{"a": "a"})
	status, stdout, stderr := runDemo(t, "--json", "/dev/stdout", dir)
	require.Zero(t, status, stderr)
	assert.True(t, strings.HasPrefix(stdout, `{"files":[{"path":"a","bytes":1,`), stdout)
}

// endless makes a file that takes far longer to stream than the test.
func endless(t *testing.T) string {
	t.Helper()
	dir := tree(t, map[string]string{"endless": ""})
	require.NoError(t, os.Truncate(filepath.Join(dir, "endless"), 1<<36))
	return dir
}

func TestSignalEndsGuestsAndLeavesNothingUnfinished(t *testing.T) {
	for _, c := range []struct {
		name    string
		signal  syscall.Signal
		stopped bool // one guest cannot leave by itself
	}{
		{name: "Interrupt", signal: syscall.SIGINT},
		{name: "Terminate", signal: syscall.SIGTERM},
		{name: "HangUp", signal: syscall.SIGHUP},
		{name: "StoppedGuest", signal: syscall.SIGINT, stopped: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			forGuests(t, func(t *testing.T, guest guestChoice) {
				into := t.TempDir()
				out := filepath.Join(into, "out")
				p := start(t, "--guest", string(guest), "--out", out, "--json", filepath.Join(into, "j"), endless(t))
				p.stderr.await("guest 2 in " + string(map[bool]language{true: inGo, false: inC}[guest == guestsInGo]) + " is process")
				unfinished, err := filepath.Glob(filepath.Join(out, ".*"))
				require.NoError(t, err)
				assert.Len(t, unfinished, 1)
				if c.stopped {
					require.NoError(t, syscall.Kill(pids(p.stderr.String())[0], syscall.SIGSTOP))
				}
				require.NoError(t, p.cmd.Process.Signal(c.signal))
				assert.Equal(t, exitInterrupted, p.wait(t))
				assert.True(t, strings.HasSuffix(p.stderr.String(), "demo: interrupted\n"), p.stderr.String())
				assert.Empty(t, p.stdout.String())
				assert.Equal(t, []string{"out"}, names(t, into))
				assert.Empty(t, names(t, out))
			})
		})
	}
}

// A demo that is killed cannot end its guests: they end because it is gone, and say
// nothing.
func TestGuestsEndWithAKilledHost(t *testing.T) {
	forGuests(t, func(t *testing.T, guest guestChoice) {
		p := start(t, "--guest", string(guest), endless(t))
		p.stderr.await("guest 2 in ")
		require.NoError(t, p.cmd.Process.Kill())
		assert.Equal(t, -1, p.wait(t))
		assert.NotContains(t, p.stderr.String(), "demo:")
	})
}
