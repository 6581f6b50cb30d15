package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// outTree is the folder of --out. A file appears in it whole or not at all: it is
// written under a name of its own in a folder of this run, and renamed when it is
// complete. Nothing is written outside, whatever links the folder holds. A nil outTree
// keeps nothing.
type outTree struct {
	root  *os.Root
	info  fs.FileInfo
	parts string // folder of unfinished files
	count atomic.Uint64

	closing  sync.Once
	closeErr error // set by closing
}

// unfinishedName is a name that no other run uses, of whatever host the folder is.
func unfinishedName() string { return fmt.Sprintf(".unfinished-%016x", rand.Uint64()) }

func openOutTree(dir string) (*outTree, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	t := &outTree{root: root, parts: unfinishedName()}
	if t.info, err = root.Stat("."); err == nil {
		err = root.Mkdir(t.parts, 0o700)
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return t, nil
}

// folder is what is not to be streamed.
func (t *outTree) folder() fs.FileInfo {
	if t == nil {
		return nil
	}
	return t.info
}

// close removes what is unfinished. Closing twice is allowed.
func (t *outTree) close() error {
	if t == nil {
		return nil
	}
	t.closing.Do(func() { t.closeErr = errors.Join(t.root.RemoveAll(t.parts), t.root.Close()) })
	return t.closeErr
}

// outFile is a file in the making. One of keep and drop ends it; drop after keep does
// nothing.
type outFile struct {
	*os.File
	tree *outTree
	part string // "" once it is kept or dropped
}

// create begins a file. The bits of mode that the user's mask allows hold for it.
func (t *outTree) create(mode fs.FileMode) (*outFile, error) {
	part := filepath.Join(t.parts, fmt.Sprint(t.count.Add(1)))
	file, err := t.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode.Perm()|0o200)
	if err != nil {
		return nil, err
	}
	return &outFile{File: file, tree: t, part: part}, nil
}

// keep gives the file its place, path below the folder, in place of an older one.
func (f *outFile) keep(path string) error {
	if err := f.Close(); err != nil {
		return err
	}
	if err := f.tree.root.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	if err := f.tree.root.Rename(f.part, path); err != nil {
		return err
	}
	f.part = ""
	return nil
}

// drop removes a file that is not to be kept.
func (f *outFile) drop() {
	if f.part != "" {
		_ = f.Close() // closed already when keep failed
		_ = f.tree.root.Remove(f.part)
		f.part = ""
	}
}

// checkOutside refuses a folder for gzip files that is dir or holds it: they would
// take the place of the files they are made of.
func (t *outTree) checkOutside(dir string) error {
	above, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for {
		info, err := os.Stat(above)
		if err != nil {
			return err
		}
		if os.SameFile(info, t.info) {
			return usagef("--out must be another folder than DIR, and not one that DIR is in")
		}
		parent := filepath.Dir(above)
		if parent == above {
			return nil
		}
		above = parent
	}
}
