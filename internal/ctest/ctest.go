// Package ctest builds C programs of tests: with the compilers that are there, the warnings
// that the C sources are free of, and sanitizers where they work.
package ctest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Warnings are what C here compiles without a word of.
var Warnings = strings.Fields("-std=c11 -Wall -Wextra -Wconversion -Wshadow -Werror")

// Root is the folder of this module.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Compilers are the C compilers that are there. Without any the test is skipped.
func Compilers(t testing.TB) []string {
	var found []string
	for _, cc := range []string{"gcc", "clang"} {
		if path, err := exec.LookPath(cc); err == nil {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		t.Skip("there is no C compiler: install gcc or clang to run this test")
	}
	return found
}

// Run runs a compiler and fails the test when it fails or says anything.
func Run(t testing.TB, cc string, args ...string) {
	t.Helper()
	said, err := exec.Command(cc, args...).CombinedOutput()
	require.NoError(t, err, "%s %s\n%s", cc, strings.Join(args, " "), said)
	require.Empty(t, string(said))
}

// Sanitizers are the flags for the address and undefined-behaviour sanitizers, empty where
// programs built so do not run.
func Sanitizers(t testing.TB, cc string) []string {
	flags := strings.Fields("-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all")
	dir := t.TempDir()
	source, program := filepath.Join(dir, "trial.c"), filepath.Join(dir, "trial")
	require.NoError(t, os.WriteFile(source, []byte("int main(void) { return 0; }\n"), 0o644))
	if exec.Command(cc, append(flags, "-o", program, source)...).Run() != nil || exec.Command(program).Run() != nil {
		t.Logf("%s has no sanitizers here: the program runs without", cc)
		return []string{"-O1", "-g"}
	}
	return flags
}

// Library are the sources of libroam.
func Library(t testing.TB) []string {
	var sources []string
	for _, pattern := range []string{"*.c", filepath.Join("guest", "*.c")} {
		found, err := filepath.Glob(filepath.Join(Root(), "csrc", pattern))
		require.NoError(t, err)
		sources = append(sources, found...)
	}
	return append(sources, "-pthread")
}

// Compiles wants a C file of a folder to compile without a warning.
func Compiles(t testing.TB, cc, dir, source string, flags ...string) {
	t.Helper()
	args := append([]string{"-O2", "-I" + filepath.Join(Root(), "csrc"), "-c", "-o", os.DevNull, filepath.Join(dir, source)}, Warnings...)
	Run(t, cc, append(args, flags...)...)
}

// CompilesAsCxx wants a header of a folder to be C++ as well.
func CompilesAsCxx(t testing.TB, cxx, dir, header string) {
	t.Helper()
	Run(t, cxx, "-std=c++11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"+filepath.Join(Root(), "csrc"), "-x", "c++", filepath.Join(dir, header))
}
