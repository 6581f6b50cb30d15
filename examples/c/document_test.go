package c_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// root is the tree's folder, seen from this one.
var root = filepath.Join("..", "..")

// shown matches a link to a file of this folder at the end of a paragraph, and the block of
// code behind it.
var shown = regexp.MustCompile("\\]\\(\\.\\./examples/c/([^)]+)\\)[^\n]*\n(?:[^\n]+\n)*\n```[a-z]+\n((?s:.*?))```\n")

func TestDocumentShowsTheProgramsAsTheyAre(t *testing.T) {
	document, err := os.ReadFile(filepath.Join(root, "docs", "c-guests.md"))
	require.NoError(t, err)
	var files []string
	for _, found := range shown.FindAllStringSubmatch(string(document), -1) {
		file, code := found[1], found[2]
		source, err := os.ReadFile(filepath.FromSlash(file))
		require.NoError(t, err)
		if strings.HasSuffix(file, "Makefile") {
			continue // shown in short
		}
		assert.Contains(t, "\n"+string(source), "\n"+code, "%s in the document", file)
		files = append(files, file)
	}
	assert.Equal(t, []string{"hello/guest.c", "join/count.c", "timers/guest/guest.c", "cpp/guest.cc"}, files)
}
