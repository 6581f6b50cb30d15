package load

import (
	"bytes"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// Output is the name of the file that is generated in a package.
const Output = "roam_gen.go"

// outputs are the files of that name by folder, and whether they are generated ones.
type outputs map[string]bool

func outputsOf(found []*packages.Package) outputs {
	all := make(outputs)
	for _, p := range found {
		if text, err := os.ReadFile(filepath.Join(p.Dir, Output)); err == nil {
			all[p.Dir] = isGenerated(text)
		}
	}
	return all
}

// mark is a line by which a merge shows a conflict.
var mark = regexp.MustCompile(`(?m)^(<{7}|={7}|>{7}|\|{7}).*$`)

// isGenerated says that nothing is lost with a file: roamgen wrote it, whatever became
// of it since, or it is empty.
func isGenerated(text []byte) bool {
	text = mark.ReplaceAll(text, nil)
	if bytes.Contains(append([]byte("\n"), text...), []byte("\n"+model.Header)) || len(bytes.TrimSpace(text)) == 0 {
		return true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ParseComments)
	return err == nil && len(file.Decls) == 0 && len(file.Comments) == 0
}

// overlay hides generated files from the Go command, so that it does not matter what is
// in them. One that stands alone has to be looked at, since there is no package else.
func (o outputs) overlay() map[string][]byte {
	hidden := make(map[string][]byte)
	for dir, generated := range o {
		if generated && hasOthers(dir) {
			hidden[filepath.Join(dir, Output)] = []byte("//go:build ignore\n\npackage ignored\n")
		}
	}
	return hidden
}

// hasOthers says that a folder has Go files beside the generated one.
func hasOthers(dir string) bool {
	entries, _ := os.ReadDir(dir) // without them, the Go command says what is wrong
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && e.Name() != Output {
			return true
		}
	}
	return false
}
