package hello_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// root is the module's folder, seen from this package's.
var root = filepath.Join("..", "..")

// goFile is a Markdown link to a Go file of the tree.
var goFile = regexp.MustCompile(`\]\(([^)]+\.go)\)`)

// shown is Go code in a Markdown file, and the file that it is said to be from: the one
// that the text linked last.
type shown struct{ file, code string }

// goBlocks gives the fenced blocks of Go code in a Markdown text.
func goBlocks(text string) (blocks []shown) {
	file, fence := "", ""
	var code strings.Builder
	for line := range strings.Lines(text) {
		switch mark := strings.TrimSpace(line); {
		case fence == "" && strings.HasPrefix(mark, "```"):
			fence = mark
			code.Reset()
		case fence == "":
			if links := goFile.FindAllStringSubmatch(line, -1); links != nil {
				file = links[len(links)-1][1]
			}
		case mark == "```":
			if fence == "```go" {
				blocks = append(blocks, shown{file, code.String()})
				file = ""
			}
			fence = ""
		default:
			code.WriteString(line)
		}
	}
	return blocks
}

func TestReadmeShowsTheProgramsAsTheyAre(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	var whole []string
	for _, block := range goBlocks(string(readme)) {
		require.NotEmpty(t, block.file, "no link to a file before:\n%s", block.code)
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(block.file)))
		require.NoError(t, err)
		// In the README the programs are a module of their own.
		code := strings.ReplaceAll(block.code, `"example.com/hello/`, `"github.com/roam-rpc/roam-go/examples/hello/`)
		// The leading newlines make it whole lines.
		assert.Contains(t, "\n"+string(source), "\n"+code, "%s in the README", block.file)
		if code == string(source) {
			whole = append(whole, block.file)
		}
	}
	assert.Subset(t, whole, []string{
		"examples/hello/service/greeter.go", "examples/hello/service/english.go",
		"examples/hello/host/main.go", "examples/hello/host/stream.go", "examples/hello/guest/main.go",
	}, "shown whole")
}

// A link to what is not there is found here, not by a reader.
func TestLinksOfTheDocumentsLeadToFiles(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^):#]+)[^):]*\)`)
	documents, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	for _, document := range append(documents, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			_, err := os.Stat(filepath.Join(filepath.Dir(document), filepath.FromSlash(found[1])))
			assert.NoError(t, err, "linked in %s", document)
		}
	}
}
