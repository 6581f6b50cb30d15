package ccode_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/ctest"
	"github.com/roam-rpc/roam-go/internal/roamgen/ccode"
	"github.com/roam-rpc/roam-go/internal/roamgen/load"
)

// TestWhatIsWrittenCompiles without a warning, with each compiler, and its header as C++.
func TestWhatIsWrittenCompiles(t *testing.T) {
	compilers := ctest.Compilers(t)
	for _, in := range []struct{ module, folder string }{
		{".", "internal/roamgen/everything"},
		{".", "internal/roamgen/vectors"},
		{".", "internal/roamgen/small"},
		{".", "internal/testbed"},
		{".", "examples/hello/service"},
		{"examples/files", "."},
	} {
		t.Run(filepath.Join(in.module, in.folder), func(t *testing.T) {
			found, err := load.Services(filepath.Join(ctest.Root(), in.module), "./"+in.folder)
			require.NoError(t, err)
			require.Len(t, found.Packages, 1)
			prefix := ccode.Prefix(found.Packages[0].Types)
			header, source, err := ccode.Package(found.Packages[0], prefix)
			require.NoError(t, err)
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, ccode.HeaderName(prefix)), header, 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(dir, ccode.SourceName(prefix)), source, 0o644))
			for _, cc := range compilers {
				ctest.Compiles(t, cc, dir, ccode.SourceName(prefix))
			}
			for _, cxx := range []string{"g++", "clang++"} {
				if path, err := exec.LookPath(cxx); err == nil {
					ctest.CompilesAsCxx(t, path, dir, ccode.HeaderName(prefix))
				}
			}
		})
	}
}
