package ccode_test

import (
	"flag"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/roam-rpc/roam-go/internal/ctest"
	"github.com/roam-rpc/roam-go/internal/roamgen/ccode"
	"github.com/roam-rpc/roam-go/internal/roamgen/load"
)

var update = flag.Bool("update", false, "write what roamgen says into the golden file")

// unpack writes the Go files of an archive into a new module.
func unpack(t *testing.T, archive *txtar.Archive) string {
	dir := t.TempDir()
	sum, err := os.ReadFile(filepath.Join(ctest.Root(), "go.sum"))
	require.NoError(t, err)
	write := func(name string, content []byte) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, content, 0o644))
	}
	write("go.mod", []byte("module example.com/bad\n\ngo 1.25\n\nrequire github.com/roam-rpc/roam-go v0.0.0\n\n"+
		"replace github.com/roam-rpc/roam-go => "+ctest.Root()+"\n"))
	write("go.sum", sum)
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".go") {
			write(f.Name, f.Data)
		}
	}
	return dir
}

// TestNamesThatClashAreRefused wants the message of each case as the archive has it.
func TestNamesThatClashAreRefused(t *testing.T) {
	file := filepath.Join("testdata", "bad.txtar")
	archive, err := txtar.ParseFile(file)
	require.NoError(t, err)
	found, err := load.Services(unpack(t, archive), "./...")
	require.NoError(t, err)
	got := make(map[string]string)
	for _, pkg := range found.Packages {
		_, _, err := ccode.Package(pkg, "p")
		if folder := path.Base(pkg.Types.Path()); assert.Error(t, err, folder) {
			got[folder] = strings.ReplaceAll(filepath.ToSlash(err.Error()), folder+"/", "") + "\n"
		}
	}
	var kept []txtar.File
	for _, f := range archive.Files {
		folder := path.Dir(f.Name)
		if path.Base(f.Name) == "want" {
			if !*update {
				assert.Equal(t, string(f.Data), got[folder], folder)
			}
			delete(got, folder)
			continue
		}
		kept = append(kept, f, txtar.File{Name: folder + "/want", Data: []byte(got[folder])})
	}
	if *update {
		require.NoError(t, os.WriteFile(file, txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: kept}), 0o644))
		return
	}
	assert.Empty(t, got)
}
