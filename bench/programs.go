package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// programs are this program's files, built with cgo and without.
type programs struct {
	dir  string
	cgo  string // empty when it cannot be built
	pure string
}

// buildPrograms builds this program for both engines.
func buildPrograms(stderr io.Writer) (*programs, error) {
	source, err := sourceDir()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "roam-bench-")
	if err != nil {
		return nil, err
	}
	p := &programs{dir: dir, cgo: filepath.Join(dir, "cgo"), pure: filepath.Join(dir, "pure")}
	if err := build(source, p.pure, "0"); err != nil {
		return nil, errors.Join(err, p.remove())
	}
	if err := build(source, p.cgo, "1"); err != nil {
		fmt.Fprintf(stderr, "bench: no cgo engine: %v\n", err)
		p.cgo = ""
	}
	return p, nil
}

// sourceDir is where this program's source lay when it was built.
func sourceDir() (string, error) {
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Dir(file)
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return "", fmt.Errorf("the source, to build it for each engine, is not where it was: %w", err)
	}
	return dir, nil
}

func build(source, program, cgo string) error {
	cmd := exec.Command("go", "build", "-o", program, ".")
	cmd.Dir = source
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED="+cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build with CGO_ENABLED=%s: %w\n%s", cgo, err, out)
	}
	return nil
}

func (p *programs) remove() error { return os.RemoveAll(p.dir) }

// of is the program that a contender runs, empty when there is none.
func (p *programs) of(c contender) string {
	if c.cgo {
		return p.cgo
	}
	return p.pure
}
