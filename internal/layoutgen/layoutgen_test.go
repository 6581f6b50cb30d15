package main

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSmallHeaderGivesGoldenConstants(t *testing.T) {
	model, err := parse(os.DirFS("testdata"), "small.h", []string{"roam_second", "roam_first"})
	require.NoError(t, err)
	got, err := model.render()
	require.NoError(t, err)
	want, err := os.ReadFile("testdata/small.golden")
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func TestCheckNamesStaleAndMissingOutput(t *testing.T) {
	header := "../../csrc/roam/shm.h"
	output := filepath.Join(t.TempDir(), "layout.go")
	assert.ErrorContains(t, run(header, output, true), "is missing: run ./build.sh generate")

	require.NoError(t, run(header, output, false))
	require.NoError(t, run(header, output, true))

	generated, err := os.ReadFile(output)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(output, append(generated, "// changed\n"...), 0o644))
	assert.ErrorContains(t, run(header, output, true), "is stale against ../../csrc/roam/shm.h: run ./build.sh generate")
}

func TestConstantsOfTheSegmentAreFresh(t *testing.T) {
	assert.NoError(t, run("../../csrc/roam/shm.h", "../layout/layout.go", true))
}

func TestHeaderThatCannotBeUsedIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ header, problem string }{
		"Syntax":         {"struct roam_a { int x", "h.h:1"},
		"WrongAssertion": {`_Static_assert(sizeof(int) == 8, "int has 8 bytes");`, "int has 8 bytes"},
		"UnknownInclude": {"#include <stdio.h>\n", "stdio.h"},
		"NoStruct":       {"struct roam_b { int x; };\n", "no definition of struct roam_a"},
		"OnlyDeclared":   {"struct roam_a;\n", "no definition of struct roam_a"},
		"Enumerator":     {"enum { ROAM_E = 3 };\n#define ROAM_V ROAM_E\nstruct roam_a { int x; };\n", "ROAM_V has no constant value"},
		"NotConstant":    {"int v;\n#define ROAM_V v\nstruct roam_a { int x; };\n", "ROAM_V has no constant value"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := fstest.MapFS{"h.h": {Data: []byte(c.header)}}
			_, err := parse(dir, "h.h", []string{"roam_a"})
			assert.ErrorContains(t, err, c.problem)
		})
	}
}

func TestTwoConstantsOfOneGoNameAreRefused(t *testing.T) {
	dir := fstest.MapFS{"h.h": {Data: []byte("#define ROAM_SIZE_A 1\nstruct roam_a { int x; };\n")}}
	model, err := parse(dir, "h.h", []string{"roam_a"})
	require.NoError(t, err)
	_, err = model.render()
	assert.EqualError(t, err, "ROAM_SIZE_A and struct roam_a would both be SizeA")
}
