package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"

	"github.com/roam-rpc/roam-go/internal/roamgen/ccode"
	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// cFiles are the C files of packages.
func cFiles(dir string, packages []*model.Package, o options) ([]output, error) {
	switch {
	case o.name != "" && len(packages) > 1:
		return nil, fmt.Errorf("-prefix %s is for one package, and %d have services: their C names would be the same", o.name, len(packages))
	case o.name != "" && !ccode.IsPrefix(o.name):
		return nil, fmt.Errorf("-prefix %s: C names cannot begin so; it takes letters, digits and underscores, a letter first, and is not the library's own, roam", o.name)
	}
	var files []output
	var faults []error
	owners := make(map[string]string)
	for _, pkg := range packages {
		prefix := o.name
		if prefix == "" {
			prefix = ccode.Prefix(pkg.Types)
		}
		header, source, err := ccode.Package(pkg, prefix)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		into := filepath.Join(pkg.Dir, "c")
		switch {
		case filepath.IsAbs(o.into):
			into = o.into
		case o.into != "":
			into = filepath.Join(dir, o.into)
		}
		two := []output{{filepath.Join(into, ccode.HeaderName(prefix)), header}, {filepath.Join(into, ccode.SourceName(prefix)), source}}
		if other, taken := owners[two[0].path]; taken {
			faults = append(faults, fmt.Errorf("%s and %s would both be written to %s: run roamgen for each, with another -prefix", other, pkg.Types.Path(), two[0].path))
		}
		owners[two[0].path] = pkg.Types.Path()
		files = append(files, two...)
		faults = append(faults, placeable(into, two))
	}
	return files, errors.Join(faults...)
}

// placeable says why C files cannot be written into a folder.
func placeable(folder string, files []output) error {
	if beside, _ := filepath.Glob(filepath.Join(folder, "*.go")); len(beside) > 0 && !usesC(beside) {
		return fmt.Errorf("%s holds Go files without cgo, which Go does not build with C files beside them: name another folder with -o", folder)
	}
	for _, file := range files {
		old, err := os.ReadFile(file.path)
		if err == nil && len(bytes.TrimSpace(old)) > 0 && !bytes.Contains(old, []byte(ccode.Mark)) {
			return fmt.Errorf("%s: this is the name of a file that roamgen writes, and roamgen did not write this one: name another folder with -o or another name with -prefix", file.path)
		}
	}
	return nil
}

// usesC says that one of some Go files uses cgo.
func usesC(files []string) bool {
	for _, name := range files {
		file, _ := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if file == nil {
			continue
		}
		for _, spec := range file.Imports {
			if spec.Path.Value == `"C"` {
				return true
			}
		}
	}
	return false
}
