package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newOutTree opens a folder for gzip files that does not exist yet.
func newOutTree(t *testing.T) (*outTree, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new", "out")
	out, err := openOutTree(dir)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, out.close()) })
	return out, dir
}

func writeFile(t *testing.T, out *outTree, content string) *outFile {
	t.Helper()
	f, err := out.create(0o640)
	require.NoError(t, err)
	_, err = f.WriteString(content)
	require.NoError(t, err)
	return f
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

func TestKeptFileAppearsWholeAtItsPlace(t *testing.T) {
	out, dir := newOutTree(t)
	f := writeFile(t, out, "new")
	target := filepath.Join(dir, "sub", "a\xff\n.gz")
	assert.NoFileExists(t, target)
	require.NoError(t, f.keep("sub/a\xff\n.gz"))
	f.drop()
	content, err := os.ReadFile(target)
	require.NoError(t, err)
	assert.Equal(t, "new", string(content))

	require.NoError(t, writeFile(t, out, "newer").keep("sub/a\xff\n.gz"))
	content, err = os.ReadFile(target)
	require.NoError(t, err)
	assert.Equal(t, "newer", string(content))
	info, err := os.Stat(target)
	require.NoError(t, err)
	assert.Zero(t, info.Mode().Perm()&^0o640)

	require.NoError(t, out.close())
	assert.Equal(t, []string{"sub"}, names(t, dir))
}

func TestDroppedAndUnfinishedFilesLeaveNothing(t *testing.T) {
	out, dir := newOutTree(t)
	writeFile(t, out, "dropped").drop()
	unfinished := writeFile(t, out, "unfinished")
	require.NoError(t, out.close())
	assert.Empty(t, names(t, dir))
	require.NoError(t, unfinished.Close())
}

func TestNothingIsWrittenOutsideTheFolder(t *testing.T) {
	out, dir := newOutTree(t)
	outside := t.TempDir()
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "link")))
	for _, path := range []string{"link/a.gz", "../a.gz", filepath.Join(outside, "a.gz")} {
		f := writeFile(t, out, "x")
		assert.Error(t, f.keep(path), path)
		f.drop()
	}
	assert.Empty(t, names(t, outside))
	assert.Equal(t, []string{"link"}, names(t, filepath.Join(dir))[1:], "beside the unfinished files")
}

func TestFolderForGzipMustNotHoldTheFiles(t *testing.T) {
	out, dir := newOutTree(t)
	inside := filepath.Join(dir, "inside")
	require.NoError(t, os.Mkdir(inside, 0o777))
	var usage *usageError
	assert.ErrorAs(t, out.checkOutside(dir), &usage)
	assert.ErrorAs(t, out.checkOutside(inside), &usage)
	assert.NoError(t, out.checkOutside(filepath.Dir(dir)))
	assert.NoError(t, out.checkOutside(t.TempDir()))
}
