package everything

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/ctest"
	"github.com/roam-rpc/roam-go/internal/roamgen/ccode"
	"github.com/roam-rpc/roam-go/internal/roamgen/load"
)

// builder builds a program of testdata with the C of Everything and the library; extra are
// more files to include.
type builder func(t *testing.T, source string, extra map[string]string) (program string)

// TestC is all that generated C is asked, as each compiler builds it, under sanitizers: the
// library takes long to build.
func TestC(t *testing.T) {
	found, err := load.Services(".", ".")
	require.NoError(t, err)
	header, source, err := ccode.Package(found.Packages[0], "everything")
	require.NoError(t, err)
	generated := map[string]string{ccode.HeaderName("everything"): string(header), ccode.SourceName("everything"): string(source)}
	for _, cc := range ctest.Compilers(t) {
		t.Run(filepath.Base(cc), func(t *testing.T) {
			flags := slices.Concat(ctest.Sanitizers(t, cc), ctest.Warnings)
			library := ctest.Library(t, cc, flags...)
			build := func(t *testing.T, source string, extra map[string]string) string {
				dir := t.TempDir()
				for _, files := range []map[string]string{generated, extra} {
					for name, content := range files {
						require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
					}
				}
				program := filepath.Join(dir, "program")
				ctest.Run(t, cc, slices.Concat(flags, []string{"-I" + dir, "-I" + filepath.Join(ctest.Root(), "csrc"),
					"-o", program, filepath.Join("testdata", source)}, library)...)
				return program
			}
			t.Run("values", func(t *testing.T) { testRecoding(t, build) })
			t.Run("guest", func(t *testing.T) { testGuest(t, build) })
		})
	}
}
