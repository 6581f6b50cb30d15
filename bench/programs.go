package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// program is what a contender runs.
type program string

const (
	cgoProgram   program = "cgo"   // this one, with the C engine
	pureProgram  program = "pure"  // this one, with the Go engine
	floorProgram program = "floor" // floor/floor.c
)

// programs are the files of the programs; one that cannot be built is not there.
type programs struct {
	dir   string
	files map[program]string
}

// buildPrograms builds what the contenders run. This very program is one of them.
func buildPrograms(stderr io.Writer) (*programs, error) {
	source, err := sourceDir()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "roam-bench-")
	if err != nil {
		return nil, err
	}
	p := &programs{dir: dir, files: map[program]string{thisProgram(): self}}
	for _, want := range []program{pureProgram, cgoProgram, floorProgram} {
		if err := p.build(source, want); err != nil {
			fmt.Fprintf(stderr, "bench: measuring without the %s program: %v\n", want, err)
		}
	}
	if p.files[pureProgram] == "" {
		return nil, errors.Join(errors.New("the program cannot be built for the Go engine"), p.remove())
	}
	return p, nil
}

// thisProgram is which of the programs this one is.
func thisProgram() program {
	if engineName == string(cgoProgram) {
		return cgoProgram
	}
	return pureProgram
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

// build builds one program from the source, unless it is there.
func (p *programs) build(source string, want program) error {
	if p.files[want] != "" {
		return nil
	}
	file := filepath.Join(p.dir, string(want))
	command := exec.Command("go", "build", "-o", file, ".")
	switch want {
	case floorProgram:
		compiler, err := exec.Command("go", "env", "CC").Output()
		if err != nil {
			return err
		}
		args := append(strings.Fields(string(compiler)), "-std=c11", "-O2", "-o", file, filepath.Join("floor", "floor.c"))
		command = exec.Command(args[0], args[1:]...)
	case cgoProgram:
		command.Env = append(command.Environ(), "CGO_ENABLED=1")
	default:
		command.Env = append(command.Environ(), "CGO_ENABLED=0")
	}
	command.Dir = source
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	p.files[want] = file
	return nil
}

func (p *programs) remove() error { return os.RemoveAll(p.dir) }
