package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWalkFindsRegularFilesOnly(t *testing.T) {
	files := oddFiles()
	dir := tree(t, files)
	addNoFiles(t, dir)
	entries, err := walk(dir, nil, func(err error) { assert.NoError(t, err) })
	require.NoError(t, err)
	found := make(map[string]int64)
	for _, e := range entries {
		found[e.path] = e.size
	}
	require.Len(t, entries, len(files))
	for path, content := range files {
		assert.Equal(t, int64(len(content)), found[path], "%q", path)
	}
}

func TestWalkLeavesOneFolderOut(t *testing.T) {
	dir := tree(t, map[string]string{"a": "", "out/b": "", "sub/out/c": ""})
	skip, err := os.Stat(filepath.Join(dir, "sub", "..", "out"))
	require.NoError(t, err)
	entries, err := walk(dir, skip, func(err error) { assert.NoError(t, err) })
	require.NoError(t, err)
	assert.Equal(t, []entry{{path: "a"}, {path: "sub/out/c"}}, entries)
}

func TestWalkOfAMissingFolderFails(t *testing.T) {
	_, err := walk(filepath.Join(t.TempDir(), "none"), nil, func(error) {})
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// A folder too deep for any path to reach cannot be read by anyone, root included.
func TestFolderThatCannotBeReadIsReportedAndTheOthersGoOn(t *testing.T) {
	files := map[string]string{"a": "a", "z": "z"}
	dir := tree(t, files)
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	deep := strings.Repeat(strings.Repeat("d", 200)+"/", 25)
	require.NoError(t, root.MkdirAll(deep, 0o777))
	require.NoError(t, root.WriteFile(deep+"unreachable", nil, 0o666))
	require.NoError(t, root.Close())

	jsonFile := filepath.Join(t.TempDir(), "j")
	status, _, stderr := runDemo(t, "--json", jsonFile, dir)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, stderr, "file name too long\n")
	assert.Contains(t, stderr, "demo: not all files were done\n")
	requireResults(t, files, 2, readReport(t, jsonFile))
}
