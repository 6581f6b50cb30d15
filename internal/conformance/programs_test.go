package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/roam-rpc/roam-go/internal/hosttest"
)

// engines are the guest programs in Go, by the engine that they are built with. They can be
// hosts too, and speak over sockets.
var engines = map[string][]string{}

// programs are the guests under test: by kind, a program and its first arguments. They are
// built once for all tests.
var programs = map[string][]string{}

// What the environment may say of guests.
const (
	guestsEnv = "ROAM_CONFORMANCE_GUESTS"  // in which language they are tested: go or c, both if it is not set
	cFlags    = "ROAM_CONFORMANCE_CFLAGS"  // how those in C are compiled: with a sanitizer
	cWrapper  = "ROAM_CONFORMANCE_WRAPPER" // a command that runs them: valgrind
)

// cKinds are the ways in which the guest in C runs: with the threads of the library, with
// one, and in an event loop.
var cKinds = map[string]string{"c": "", "c-one-thread": "-one-thread", "c-loop": "-loop"}

func TestMain(m *testing.M) { os.Exit(withPrograms(m)) }

func withPrograms(m *testing.M) int {
	dir, err := os.MkdirTemp("", "roam-conformance")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	err = buildGo(dir) // also hosts
	if os.Getenv(guestsEnv) != "go" {
		err = errors.Join(err, buildC(dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if os.Getenv(guestsEnv) != "c" {
		maps.Copy(programs, engines)
	}
	return m.Run()
}

// command is the command of a kind of guest, or of an engine.
func command(kind string, args ...string) *exec.Cmd {
	program, found := programs[kind]
	if !found {
		program = engines[kind]
	}
	return hosttest.Command(program, args...)
}

// buildGo builds the Go program for every engine that there can be here.
func buildGo(dir string) error {
	builds := map[string]string{"go-pure": "CGO_ENABLED=0"}
	if _, err := exec.LookPath("gcc"); err == nil {
		builds["go-cgo"] = "CGO_ENABLED=1"
	}
	for engine, env := range builds {
		program := filepath.Join(dir, "guest-"+engine)
		build := exec.Command("go", "build", "-o", program, "./guest")
		build.Env = append(os.Environ(), env)
		if err := said(build); err != nil {
			return err
		}
		engines[engine] = []string{program}
	}
	return nil
}

// buildC builds the guest in C, if there is a compiler.
func buildC(dir string) error {
	cc := cmp.Or(os.Getenv("CC"), "gcc")
	if _, err := exec.LookPath(cc); err != nil {
		fmt.Fprintf(os.Stderr, "there is no %s: no guests in C are tested\n", cc)
		return nil
	}
	var sources []string
	for _, pattern := range []string{"../../csrc/*.c", "../../csrc/guest/*.c", "../testbed/c/*.c", "cguest/*.c"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		sources = append(sources, found...)
	}
	program := filepath.Join(dir, "guest-c")
	if err := compile(cc, dir, program, sources); err != nil {
		return err
	}
	for kind, arg := range cKinds {
		programs[kind] = slices.Concat(strings.Fields(os.Getenv(cWrapper)), []string{program}, strings.Fields(arg))
	}
	return nil
}

// compile makes a program of sources, several at a time.
func compile(cc, dir, program string, sources []string) error {
	flags := slices.Concat([]string{"-std=c11", "-g", "-pthread", "-I../../csrc", "-I../testbed/c"},
		strings.Fields(cmp.Or(os.Getenv(cFlags), "-O1")))
	objects, failed := make([]string, len(sources)), make([]error, len(sources))
	var all sync.WaitGroup
	turns := make(chan struct{}, runtime.NumCPU())
	for i, source := range sources {
		objects[i] = filepath.Join(dir, strconv.Itoa(i)+".o")
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			failed[i] = said(exec.Command(cc, slices.Concat(flags, []string{"-c", "-o", objects[i], source})...))
		})
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	return said(exec.Command(cc, slices.Concat(flags, []string{"-o", program}, objects)...))
}

// said runs a command; the error has what it said.
func said(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd, err, out)
	}
	return nil
}
