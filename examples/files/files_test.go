package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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
	files := map[string]string{
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
		`bad\xFF\xFEbytes`:        "looks like another's name, escaped",
		"-dash":                   "dash",
		" blanks ":                "blanks",
		`quote "<&>'`:             "quotes",
		"x.gz":                    "not gzip",
		"x":                       "beside its gzip",
		strings.Repeat("n", 252):  "the longest name whose gzip has one",
		".hidden/.file":           "hidden",
		"small/0":                 noise(10),
		"small/1":                 noise(100),
		"small/2":                 noise(1000),
		"zeros":                   string(make([]byte, 5<<20)),
		"newlines":                strings.Repeat("\n", 1<<20),
	}
	for _, size := range []int{55, 56, 63, 64, 65, 119, 120} { // where SHA-256 begins another block
		files["blocks/"+strconv.Itoa(size)] = noise(size)
	}
	return files
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
