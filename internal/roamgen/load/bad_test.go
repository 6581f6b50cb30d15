package load

import (
	"errors"
	"flag"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what roamgen says into the golden files")

// module is the module that the packages of an archive are put into.
const module = `module example.com/bad

go 1.25

require github.com/roam-rpc/roam-go v0.0.0

replace github.com/roam-rpc/roam-go => %s
`

// unpack writes the Go files of an archive into a new module.
func unpack(t *testing.T, archive *txtar.Archive) string {
	dir := t.TempDir()
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	require.NoError(t, err)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	write := func(name string, content []byte) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, content, 0o644))
	}
	write("go.mod", []byte(strings.Replace(module, "%s", root, 1)))
	write("go.sum", sum)
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".go") {
			write(f.Name, f.Data)
		}
	}
	return dir
}

// TestBadInput wants the message of each case as the archive has it. Cases are loaded
// together, since nothing keeps one package's faults from another's.
func TestBadInput(t *testing.T) {
	file := filepath.Join("testdata", "bad.txtar")
	archive, err := txtar.ParseFile(file)
	require.NoError(t, err)
	_, err = Services(unpack(t, archive), "./...")
	var faults Faults
	require.True(t, errors.As(err, &faults), "%v", err)
	got := make(map[string]string)
	for _, f := range faults {
		f.Pos.Filename = filepath.ToSlash(f.Pos.Filename)
		folder := path.Dir(f.Pos.Filename)
		got[folder] += strings.TrimPrefix(f.String(), folder+"/") + "\n"
	}
	want := make(map[string]string)
	kept := archive.Files[:0:0]
	for _, f := range archive.Files {
		if path.Base(f.Name) == "want" {
			want[path.Dir(f.Name)] = string(f.Data)
			continue
		}
		kept = append(kept, f)
		if folder := path.Dir(f.Name); got[folder] != "" {
			kept = append(kept, txtar.File{Name: folder + "/want", Data: []byte(got[folder])})
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(file, txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: kept}), 0o644))
		return
	}
	for folder := range want {
		assert.Equal(t, want[folder], got[folder], folder)
	}
	assert.Len(t, got, len(want))
}
