package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// script writes a program that stands for a C compiler.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cc")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755))
	return path
}

// lacking is what builds no guest in C: a variable of the environment, and what is said about it.
func lacking(t *testing.T) map[string]struct{ set, says string } {
	headers := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(headers, "zlib.h"), []byte("#error\n"), 0o666))
	return map[string]struct{ set, says string }{
		"Compiler": {"PATH=" + t.TempDir(), "there is no C compiler: install gcc and libc6-dev, or name one in $CC"},
		"Libc":     {"CC=" + script(t, "exit 1"), `/cc" makes no programs: install gcc and libc6-dev, or name another in $CC`},
		"Zlib":     {"CC=" + strings.Join(findCompiler(), " ") + " -I" + headers, "zlib is not there: install zlib1g-dev"},
		"Sources":  {treeVariable + "=" + headers, `is not the folder of roam's sources: ./build.sh demo sets it`},
		"Tree":     {treeVariable + "=", `$ROAM_DEMO_TREE, "", is not the folder of roam's sources: ./build.sh demo sets it`},
	}
}

func TestWithoutAWayToBuildCAllGuestsAreInGo(t *testing.T) {
	files := map[string]string{"a": "a", "b": "b"}
	dir := tree(t, files)
	for name, c := range lacking(t) {
		t.Run(name, func(t *testing.T) {
			if name == "Zlib" {
				needGuestInC(t)
			}
			jsonFile := filepath.Join(t.TempDir(), "j")
			p := prepare(t, "--json", jsonFile, dir)
			temporary := p.building(t, "CC=", c.set)
			p.start(t)
			require.Zero(t, p.wait(t), p.stderr.String())
			assert.Contains(t, p.stderr.String(), "demo: no guest is in C, ")
			assert.Contains(t, p.stderr.String(), c.says+"\n")
			rep := readReport(t, jsonFile)
			requireResults(t, files, 2, rep)
			require.Len(t, rep.Languages, 1)
			assert.Equal(t, "Go", rep.Languages[0].Language)
			requireTimes(t, guestsInGo, p.stdout.String())
			assert.Empty(t, names(t, temporary))
		})
	}
}

func TestGuestsThatWereAskedForAndCannotBeBuiltAreAnError(t *testing.T) {
	dir := tree(t, map[string]string{"a": "a"})
	for name, c := range lacking(t) {
		for _, guest := range []guestChoice{guestsInC, guestsInBoth} {
			t.Run(name+"/"+string(guest), func(t *testing.T) {
				if name == "Zlib" {
					needGuestInC(t)
				}
				p := prepare(t, "--guest", string(guest), dir)
				temporary := p.building(t, "CC=", c.set)
				p.start(t)
				assert.Equal(t, exitUsage, p.wait(t))
				assert.Contains(t, p.stderr.String(), "demo: --guest "+string(guest)+": ")
				assert.Contains(t, p.stderr.String(), c.says+"\n")
				assert.Empty(t, p.stdout.String())
				assert.Empty(t, pids(p.stderr.String()))
				assert.Empty(t, names(t, temporary))
			})
		}
	}
}

// A guest that does not build is a fault, whatever was asked for, and the compiler says
// which.
func TestFailureToBuildIsSaidInTheCompilersWords(t *testing.T) {
	needGuestInC(t)
	dir := tree(t, map[string]string{"a": "a"})
	for _, args := range [][]string{{dir}, {"--guest=c", dir}} {
		p := prepare(t, args...)
		temporary := p.building(t, "CFLAGS=-include no_such_file.h")
		p.start(t)
		assert.Equal(t, exitFailed, p.wait(t))
		stderr := p.stderr.String()
		assert.Contains(t, stderr, "no_such_file.h")
		assert.Contains(t, stderr, "\ndemo: build the guest in C (--guest go does without): exit status 1\n")
		assert.Empty(t, pids(stderr))
		assert.Empty(t, names(t, temporary))
	}
}

func TestNothingIsBuiltForGuestsInGo(t *testing.T) {
	dir := tree(t, map[string]string{"a": "a"})
	for _, arg := range []string{"--guest=go", "--guests=1"} {
		p := prepare(t, arg, dir)
		p.building(t, "CC="+script(t, "echo compiled >&2; exit 1"))
		p.start(t)
		require.Zero(t, p.wait(t))
		assert.NotContains(t, p.stderr.String(), "demo:")
	}
}

func TestSignalEndsTheBuild(t *testing.T) {
	p := prepare(t, "--guest=c", tree(t, map[string]string{"a": "a"}))
	// It tries two programs, then builds: only that has no input.
	temporary := p.building(t, "CC="+script(t, "[ -n \"$(cat)\" ] && exit 0\necho builds >&2\nexec sleep 1000"))
	p.start(t)
	p.stderr.await("builds")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, exitInterrupted, p.wait(t))
	assert.True(t, strings.HasSuffix(p.stderr.String(), "\ndemo: interrupted\n"), p.stderr.String())
	assert.Empty(t, names(t, temporary))
}

// The demo builds its guest as users see it do, here with sanitizers, which find nothing
// and say at the end that they were there.
func TestGuestInCUnderSanitizers(t *testing.T) {
	needGuestInC(t)
	const flags = "-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
	if cc := findCompiler(); cc.try(t.Context(), filepath.Join(t.TempDir(), "trial"), "zlib.h", strings.Fields(flags)) != nil {
		t.Skipf("%s has no sanitizers here", cc)
	}
	files := oddFiles()
	jsonFile, out := filepath.Join(t.TempDir(), "j"), filepath.Join(t.TempDir(), "out")
	p := prepare(t, "--guest=c", "--json", jsonFile, "--out", out, tree(t, files))
	temporary := p.building(t, "CFLAGS="+flags, "ASAN_OPTIONS=atexit=1")
	p.start(t)
	require.Zero(t, p.wait(t), p.stderr.String())
	rep := readReport(t, jsonFile)
	requireResults(t, files, 2, rep)
	requireGzips(t, files, out, rep)
	stderr := p.stderr.String()
	assert.Equal(t, 2, strings.Count(stderr, "AddressSanitizer exit stats"), stderr)
	assert.NotContains(t, stderr, "ERROR: ")
	assert.Empty(t, names(t, temporary))
}
