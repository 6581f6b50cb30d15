package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// program is what a contender runs.
type program string

const (
	cgoProgram   program = "cgo"   // this one, with the C engine
	pureProgram  program = "pure"  // this one, with the Go engine
	floorProgram program = "floor" // floor/floor.c
	pathProgram  program = "path"  // floor/path.c
	guestProgram program = "guest" // cguest/guest.c
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
	for _, want := range []program{pureProgram, cgoProgram, floorProgram, pathProgram, guestProgram} {
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
	command, err := buildCommand(source, file, want)
	if err != nil {
		return err
	}
	command.Dir = source
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	p.files[want] = file
	return nil
}

func buildCommand(source, file string, want program) (*exec.Cmd, error) {
	switch want {
	case floorProgram:
		return compile(file, filepath.Join("floor", "floor.c"))
	case pathProgram:
		return compileGuest(source, file, filepath.Join("floor", "path.c"))
	case guestProgram:
		return compileGuest(source, file, filepath.Join("cguest", "guest.c"))
	}
	command := exec.Command("go", "build", "-pgo="+cmp.Or(profileOfBuild(), "off"), "-o", file, ".")
	command.Env = append(command.Environ(), "CGO_ENABLED=0")
	if want == cgoProgram {
		command.Env = append(command.Environ(), "CGO_ENABLED=1")
	}
	return command, nil
}

// profileOfBuild is the file of the profile by which this program was optimised, empty for
// none. All Go contenders are built like it.
func profileOfBuild() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-pgo" {
				return s.Value
			}
		}
	}
	return ""
}

// compile compiles C with the compiler that cgo uses, and optimises across files where it
// can.
func compile(file string, args ...string) (*exec.Cmd, error) {
	env, err := exec.Command("go", "env", "CC").Output()
	if err != nil {
		return nil, err
	}
	compiler := strings.Fields(string(env))
	const across = "-flto=auto"
	try := slices.Concat(compiler, []string{across, "-x", "c", "-o", file, "-"})
	trial := exec.Command(try[0], try[1:]...)
	trial.Stdin = strings.NewReader("int main(void) { return 0; }")
	options := []string{"-std=c11", "-O2"}
	if trial.Run() == nil {
		options = append(options, across)
	}
	args = slices.Concat(compiler, options, []string{"-o", file}, args)
	return exec.Command(args[0], args[1:]...), nil
}

// compileGuest compiles a program with libroam and what roamgen wrote for the testbed.
func compileGuest(source, file, main string) (*exec.Cmd, error) {
	root := filepath.Dir(source)
	generated := filepath.Join(root, "internal", "testbed", "c")
	args := []string{"-pthread", "-I" + filepath.Join(root, "csrc"), "-I" + generated, main}
	for _, folder := range []string{generated, filepath.Join(root, "csrc"), filepath.Join(root, "csrc", "guest")} {
		files, err := filepath.Glob(filepath.Join(folder, "*.c"))
		if err != nil {
			return nil, err
		}
		args = append(args, files...)
	}
	return compile(file, args...)
}

// has says that what a contender runs was built.
func (p *programs) has(c contender) bool {
	return p.files[c.program] != "" && (c.transport != withGuestInC || p.files[guestProgram] != "")
}

func (p *programs) remove() error { return os.RemoveAll(p.dir) }
