package small

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/ctest"
)

// TestExampleOfTheDocumentation: the C of docs/services.md is that of an example that compiles
// with the generated header.
func TestExampleOfTheDocumentation(t *testing.T) {
	example, err := os.ReadFile(filepath.Join("testdata", "example.c"))
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(ctest.Root(), "docs", "services.md"))
	require.NoError(t, err)
	parts := strings.Split(string(text), "```c\n")[1:]
	assert.NotEmpty(t, parts)
	for _, part := range parts {
		code, _, _ := strings.Cut(part, "```")
		assert.Contains(t, string(example), code)
	}
	for _, cc := range ctest.Compilers(t) {
		ctest.Compiles(t, cc, "testdata", "example.c", "-Ic")
		ctest.Compiles(t, cc, "c", "small_roam.c")
	}
}
