// Roamgen writes clients and dispatchers of services: of interfaces marked
// //roam:service. For every package that has some it writes one file, roam_gen.go.
//
//	//go:generate go tool roamgen
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
)

const usage = `usage: roamgen [-check] [packages]

Writes %s into each package that has interfaces marked //roam:service. Packages are
named as for the go command; the default is the one in the current directory.

`

// Exit statuses.
const (
	exitFault = 1 // a service is at fault, or -check found a stale file
	exitUsage = 2
)

func main() { os.Exit(run(".", os.Args[1:], os.Stderr)) }

func run(dir string, args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("roamgen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	check := flags.Bool("check", false, "write nothing; say which files are stale, with exit status 1 if there are any")
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
	patterns := flags.Args()
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	if err := generate(dir, patterns, *check); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFault
	}
	return 0
}

// generate writes, or with check compares, the files of the packages. Nothing is
// written unless all of them are without fault.
func generate(dir string, patterns []string, check bool) error {
	found, err := load.Services(dir, patterns...)
	if err != nil {
		return err
	}
	if len(found.Packages) == 0 && len(found.Left) == 0 {
		return fmt.Errorf("no interface is marked //roam:service in %q", patterns)
	}
	files := make(map[string][]byte)
	var order []string
	for _, pkg := range found.Packages {
		path := filepath.Join(pkg.Dir, load.Output)
		if files[path], err = gocode.File(pkg); err != nil {
			return err
		}
		order = append(order, path)
	}
	var stale []error
	for _, path := range order {
		old, err := os.ReadFile(path)
		switch {
		case err == nil && bytes.Equal(old, files[path]):
		case check:
			stale = append(stale, fmt.Errorf("%s is stale: run roamgen", path))
		default:
			if err := replace(path, files[path]); err != nil {
				return err
			}
		}
	}
	for _, path := range found.Left {
		if check {
			stale = append(stale, fmt.Errorf("%s is left from a service that is gone: run roamgen", path))
		} else if err := os.Remove(path); err != nil {
			return err
		}
	}
	return errors.Join(stale...)
}
