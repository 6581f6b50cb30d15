package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tree writes files, by path, below a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for path, content := range files {
		path = filepath.Join(dir, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o666))
	}
	return dir
}

// noise is n bytes that gzip makes no smaller.
func noise(n int) string {
	source := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(source.Uint32())
	}
	return string(b)
}

// oddFiles have the contents and names that are likeliest to go wrong.
func oddFiles() map[string]string {
	return map[string]string{
		"empty":                   "",
		"a/empty":                 "",
		"newline":                 "\n",
		"unfinished line":         "one\ntwo",
		"lines":                   strings.Repeat("a line\n", 100_000),
		"item":                    noise(itemSize),
		"item less one":           noise(itemSize - 1),
		"item and one":            noise(itemSize + 1),
		"noise":                   noise(3 << 20), // far over the window
		"deep/er/and/deeper/file": "deep",
		"bad\xff\xfebytes":        "bad",
		"bad\xffdir/bad\xc3":      "bad below bad",
		"new\nline":               "newline in the name",
		"tab\tescape\x1b[31m":     "control characters",
		"日本語 ü":                   "wide",
		`back\slash \xFF`:         "looks escaped",
		"-dash":                   "dash",
		" blanks ":                "blanks",
		`quote "<&>'`:             "quotes",
		"x.gz":                    "not gzip",
		"x":                       "beside its gzip",
		strings.Repeat("n", 252):  "the longest name whose gzip has one",
		".hidden/.file":           "hidden",
		"small/" + noiseName(0):   noise(10),
		"small/" + noiseName(1):   noise(100),
		"small/" + noiseName(2):   noise(1000),
		"zeros":                   string(make([]byte, 5<<20)),
		"newlines":                strings.Repeat("\n", 1<<20),
	}
}

func noiseName(i int) string { return strconv.Itoa(i) }

// addNoFiles adds what is not to be streamed.
func addNoFiles(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.Symlink("lines", filepath.Join(dir, "link to file")))
	require.NoError(t, os.Symlink("a", filepath.Join(dir, "link to folder")))
	require.NoError(t, os.Symlink("..", filepath.Join(dir, "link up")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "dangling")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o666))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "no files"), 0o777))
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, socket.Close()) })
}

// digestOf is Digest without guests.
func digestOf(content string) Digest {
	return Digest{Bytes: uint64(len(content)), Sha256: sha256.Sum256([]byte(content)), Lines: uint64(strings.Count(content, "\n"))}
}

// requireResults compares a report with the files it is about.
func requireResults(t *testing.T, files map[string]string, guests int, rep report) {
	t.Helper()
	want := make(map[string]string)
	var total uint64
	for path, content := range files {
		want[withHexBytes(path)] = content
		total += uint64(len(content))
	}
	for _, f := range rep.Files {
		content, known := want[f.Path]
		require.True(t, known, "unknown or twice: %q", f.Path)
		delete(want, f.Path)
		digest := digestOf(content)
		assert.Equal(t, digest.Bytes, f.Bytes, "%q", f.Path)
		assert.Equal(t, hex.EncodeToString(digest.Sha256[:]), f.SHA256, "%q", f.Path)
		assert.Equal(t, digest.Lines, f.Lines, "%q", f.Path)
		assert.GreaterOrEqual(t, f.Guest, 1, "%q", f.Path)
		assert.LessOrEqual(t, f.Guest, guests, "%q", f.Path)
		assert.Positive(t, f.GzipBytes, "%q", f.Path)
	}
	assert.Empty(t, want, "files that were not done")
	assert.Equal(t, total, rep.Bytes)
	assert.Positive(t, rep.Seconds)
}

// requireGzips compares a folder of gzip files with the files they are made of, and with
// the report.
func requireGzips(t *testing.T, files map[string]string, dir string, rep report) {
	t.Helper()
	sizes := make(map[string]uint64)
	for _, f := range rep.Files {
		sizes[f.Path] = f.GzipBytes
	}
	found := 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		packed, err := os.ReadFile(path)
		require.NoError(t, err)
		content, known := files[strings.TrimSuffix(name, ".gz")]
		require.True(t, known && strings.HasSuffix(name, ".gz"), "%q is of no file", name)
		found++
		assert.Equal(t, sizes[withHexBytes(strings.TrimSuffix(name, ".gz"))], uint64(len(packed)), "%q", name)
		assert.True(t, content == unpack(t, packed), "%q holds something else", name)
		return nil
	}))
	assert.Equal(t, len(files), found, "gzip files")
}

func unpack(t *testing.T, packed []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(content)
}

func readReport(t *testing.T, path string) report {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var rep report
	require.NoError(t, d.Decode(&rep))
	return rep
}

// --- the demo as a process ---

// process is a demo in a process of its own.
type process struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr screen
}

// start starts the demo; the test ends it if it does not end itself.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	p := &process{cmd: &exec.Cmd{Path: program, Args: append([]string{demoName}, args...)}}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	})
	return p
}

// wait returns the exit status. Guests hold the demo's standard error, whose end it
// waits for: when it returns they are gone too.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &exit)
	}
	return p.cmd.ProcessState.ExitCode()
}

func runDemo(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	p := start(t, args...)
	status = p.wait(t)
	return status, p.stdout.String(), p.stderr.String()
}

var pidLine = regexp.MustCompile(`guest \d+ is process (\d+)\n`)

// pids are the guests that stderr names, in their order.
func pids(stderr string) []int {
	var found []int
	for _, m := range pidLine.FindAllStringSubmatch(stderr, -1) {
		pid, _ := strconv.Atoi(m[1])
		found = append(found, pid)
	}
	return found
}

// screen collects output and lets tests wait for a part of it.
type screen struct {
	mu      sync.Mutex
	text    strings.Builder
	awaited []*sight
}

type sight struct {
	part string
	seen chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	s.look()
	return len(p), nil
}

// look tells those who wait for what has come. mu is held.
func (s *screen) look() {
	var waiting []*sight
	for _, w := range s.awaited {
		if strings.Contains(s.text.String(), w.part) {
			close(w.seen)
		} else {
			waiting = append(waiting, w)
		}
	}
	s.awaited = waiting
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// await waits until part has been written.
func (s *screen) await(part string) {
	w := &sight{part: part, seen: make(chan struct{})}
	s.mu.Lock()
	s.awaited = append(s.awaited, w)
	s.look()
	s.mu.Unlock()
	<-w.seen
}

// --- the demo in this process, with guests in theirs ---

// newDemo is a demo of this process over dir.
func newDemo(dir string) (*demo, *bytes.Buffer, *screen) {
	stdout, stderr := new(bytes.Buffer), new(screen)
	return &demo{options: options{dir: dir, guests: 2}, stdout: stdout, stderr: stderr, open: openRegular}, stdout, stderr
}

// startFleet starts guests that end with the test.
func startFleet(t *testing.T, way transport, guests int) *fleet {
	t.Helper()
	f, err := way.start(context.Background(), guests)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.close()) })
	return f
}

// gate holds up reads: each file gives some bytes, then waits for the gate to open.
type gate struct {
	reached chan string   // path of a file whose reader waits
	opened  chan struct{} // closed to let all pass
}

func newGate() *gate { return &gate{reached: make(chan string, 1000), opened: make(chan struct{})} }

// open opens a file behind the gate.
func (g *gate) open(path string) (source, error) {
	file, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	return &gated{source: file, gate: g, path: path, closed: make(chan struct{})}, nil
}

type gated struct {
	source
	gate   *gate
	path   string
	begun  bool
	once   sync.Once
	closed chan struct{}
}

// Read gives a first part at once; the rest is behind the gate.
func (f *gated) Read(p []byte) (int, error) {
	if !f.begun {
		f.begun = true
		return f.source.Read(p[:1])
	}
	select {
	case <-f.gate.opened:
		return f.source.Read(p)
	default:
	}
	f.gate.reached <- f.path
	select {
	case <-f.gate.opened:
		return f.source.Read(p)
	case <-f.closed:
		return 0, os.ErrClosed
	}
}

// Close ends a Read that waits.
func (f *gated) Close() error {
	f.once.Do(func() { close(f.closed) })
	return f.source.Close()
}
