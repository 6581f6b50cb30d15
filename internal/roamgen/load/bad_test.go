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
	last := make(map[string]string) // file of each folder
	for _, f := range archive.Files {
		if folder := path.Dir(f.Name); path.Base(f.Name) == "want" {
			want[folder] = string(f.Data)
		} else {
			last[folder] = f.Name
		}
	}
	kept := archive.Files[:0:0]
	for _, f := range archive.Files {
		if path.Base(f.Name) == "want" {
			continue
		}
		kept = append(kept, f)
		if folder := path.Dir(f.Name); got[folder] != "" && f.Name == last[folder] {
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

// dependency is a package that is used and not generated for.
const dependency = `-- p.go --
package p

import (
	"context"

	"example.com/bad/other"
)

//roam:service
type S interface {
	other.Base
	Enum(ctx context.Context, v other.Level) error
	Again(ctx context.Context, v []other.Level) error
	Constant(ctx context.Context, v other.Color) error
	Variant(ctx context.Context, v other.Shape) error
	Fine(ctx context.Context) error
}
-- other/other.go --
package other

import "context"

//roam:enum
type Level string

//roam:enum
type Color int

const (
	//roam:name two words
	ColorRed Color = iota
)

//roam:enum Circle
type Shape interface{ Shape() }

//roam:tupel
type Circle struct{ Radius int }

func (Circle) Shape() {}

type Base interface {
	//roam:inline always
	Get(ctx context.Context) error
}

//roam:nonsense
type Unused int
`

// TestDirectivesElsewhereAreToldWhereTheyMatter: no method of a service is left out
// without a word because of what another package says.
func TestDirectivesElsewhereAreToldWhereTheyMatter(t *testing.T) {
	_, err := Services(unpack(t, txtar.Parse([]byte(dependency))), ".")
	require.Error(t, err)
	assert.Equal(t, []string{
		"other/other.go:5:1: //roam:enum stands above another type; it is for an interface or an integer type",
		"other/other.go:12:2: \"two words\" is no name; write one word of letters and digits, as load-template",
		"other/other.go:19:1: //roam:tupel is no directive; there are //roam:borrow, //roam:enum, //roam:error, //roam:idempotent, " +
			"//roam:inline, //roam:name, //roam:service, //roam:tuple",
		"other/other.go:25:2: //roam:inline takes nothing behind it; write \"always\" in a line of its own",
	}, strings.Split(filepath.ToSlash(err.Error()), "\n"))
}
