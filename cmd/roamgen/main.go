// Roamgen writes clients and dispatchers of services: of interfaces marked
// //roam:service. For every package that has some it writes one file, roam_gen.go.
//
//	//go:generate go tool roamgen
//
// With -c it writes for each such package what guests in C need, a header and a source
// file, NAME_roam.h and NAME_roam.c, where NAME is the package's name or what -prefix
// says. They go into the folder c within the package's, or the one that -o names:
//
//	//go:generate go tool roamgen -c
//	//go:generate go tool roamgen -c -o ../guest -prefix files
//
// See docs/services.md for what an interface may hold and what becomes of it.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/roam-rpc/roam-go/internal/roamgen/gocode"
	"github.com/roam-rpc/roam-go/internal/roamgen/load"
	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

const usage = `usage: roamgen [-check] [packages]
       roamgen -c [-o folder] [-prefix name] [-check] [packages]

Writes %s into each package that has interfaces marked //roam:service; with -c instead
NAME_roam.h and NAME_roam.c, for guests in C. Packages are named as for the go command;
the default is the one in the current directory.

`

// Exit statuses.
const (
	exitFault = 1 // a service is at fault, or -check found a stale file
	exitUsage = 2
)

func main() { os.Exit(run(".", os.Args[1:], os.Stderr)) }

// options are the program's.
type options struct {
	check bool
	c     bool
	into  string // folder of C files, empty for c within each package's
	name  string // prefix of C names, empty for the package's name
}

func run(dir string, args []string, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("roamgen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.check, "check", false, "write nothing; say which files are stale, with exit status 1 if there are any")
	flags.BoolVar(&o.c, "c", false, "write C instead of Go")
	flags.StringVar(&o.into, "o", "", "with -c: the `folder` to write into; default: c within the package's")
	flags.StringVar(&o.name, "prefix", "", "with -c: what all C `names` and the files begin with; default: the package's name")
	flags.Usage = func() {
		fmt.Fprintf(stderr, usage, load.Output)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return exitUsage
	}
	if !o.c && (o.into != "" || o.name != "") {
		fmt.Fprintln(stderr, "roamgen: -o and -prefix are for -c")
		return exitUsage
	}
	patterns := flags.Args()
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	if err := generate(dir, patterns, o); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFault
	}
	return 0
}

// output is one file to write.
type output struct {
	path    string
	content []byte
}

// generate writes, or with check compares, the files of the packages. Nothing is
// written unless all of them are without fault.
func generate(dir string, patterns []string, o options) error {
	found, err := load.Services(dir, patterns...)
	if err != nil {
		return err
	}
	if len(found.Packages) == 0 && (o.c || len(found.Left) == 0) {
		return fmt.Errorf("no interface is marked //roam:service in %q", patterns)
	}
	if o.c {
		files, err := cFiles(dir, found.Packages, o)
		if err != nil {
			return err
		}
		return refresh(files, o.check)
	}
	files, err := goFiles(found.Packages)
	if err != nil {
		return err
	}
	return errors.Join(refresh(files, o.check), remove(found.Left, o.check))
}

func goFiles(packages []*model.Package) ([]output, error) {
	var files []output
	for _, pkg := range packages {
		content, err := gocode.File(pkg)
		if err != nil {
			return nil, err
		}
		files = append(files, output{filepath.Join(pkg.Dir, load.Output), content})
	}
	return files, nil
}

// refresh writes files whose content is another, or with check says which those are.
func refresh(files []output, check bool) error {
	var stale []error
	for _, file := range files {
		old, err := os.ReadFile(file.path)
		switch {
		case err == nil && bytes.Equal(old, file.content):
		case check:
			stale = append(stale, fmt.Errorf("%s is stale: run roamgen", file.path))
		default:
			if err := errors.Join(os.MkdirAll(filepath.Dir(file.path), 0o777), replace(file.path, file.content)); err != nil {
				return err
			}
		}
	}
	return errors.Join(stale...)
}

// remove removes files of services that are gone, or with check says which those are.
func remove(paths []string, check bool) error {
	var stale []error
	for _, path := range paths {
		if check {
			stale = append(stale, fmt.Errorf("%s is left from a service that is gone: run roamgen", path))
		} else if err := os.Remove(path); err != nil {
			return err
		}
	}
	return errors.Join(stale...)
}
