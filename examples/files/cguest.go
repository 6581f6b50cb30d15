package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// treeVariable names the folder of roam's sources: the guest in C is built from there.
const treeVariable = "ROAM_DEMO_TREE"

// cGuest is the program of guests in C.
type cGuest struct {
	path   string
	remove func() // to be called when no guest is to be started any more
}

// buildFunc makes the program of guests in C, as buildCGuest does.
type buildFunc func(ctx context.Context, say io.Writer) (*cGuest, error)

// buildCGuest builds the guest in C. What the compiler says goes to say; a *missing
// says that this machine has not what it takes.
func buildCGuest(ctx context.Context, say io.Writer) (*cGuest, error) {
	tree := os.Getenv(treeVariable)
	if _, err := os.Stat(filepath.Join(tree, "csrc", "roam", "guest.h")); tree == "" || err != nil {
		return nil, &missing{fmt.Sprintf("$%s, %q, is not the folder of roam's sources", treeVariable, tree), "./build.sh demo sets it"}
	}
	dir, err := os.MkdirTemp("", "roam-files-")
	if err != nil {
		return nil, err
	}
	cc := findCompiler()
	guest := &cGuest{path: filepath.Join(dir, "guest"), remove: func() { _ = os.RemoveAll(dir) }}
	if err = cc.check(ctx, guest.path); err == nil {
		err = cc.build(ctx, guest.path, tree, say)
	}
	if err != nil {
		guest.remove()
		return nil, err
	}
	return guest, nil
}

// build makes one program of guest and libroam, so that nothing needs to be installed.
// $CFLAGS and $LDFLAGS are heeded.
func (cc compiler) build(ctx context.Context, program, tree string, say io.Writer) error {
	csrc := filepath.Join(tree, "csrc")
	args := []string{"-std=c11", "-O2", "-pthread", "-I" + csrc, "-o", program}
	args = append(args, strings.Fields(os.Getenv("CFLAGS"))...)
	for _, folder := range []string{csrc, filepath.Join(csrc, "guest"), filepath.Join(tree, "examples", "files", "c")} {
		sources, err := filepath.Glob(filepath.Join(folder, "*.c"))
		if err != nil {
			return err
		}
		args = append(args, sources...)
	}
	fmt.Fprintf(say, "building the guest in C with %s\n", strings.Join(cc, " "))
	args = slices.Concat(args, strings.Fields(os.Getenv("LDFLAGS")), zlib(ctx))
	if err := cc.run(ctx, "", say, args...); err != nil {
		return fmt.Errorf("build the guest in C (--guest go does without): %w", err)
	}
	return nil
}
