package load

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// declared are the names that all the files of a package declare or import, with where.
// Files that are built for other systems and tests count, so that the generated file
// fits to them as well.
type declared struct {
	names, imports map[string]token.Pos
}

// declaredBy reads the names of a package from the files in its folder.
func (l *loader) declaredBy(p *packages.Package, dir string) declared {
	all := declared{make(map[string]token.Pos), make(map[string]token.Pos)}
	files, _ := filepath.Glob(filepath.Join(dir, "*.go")) // the pattern is a good one
	for _, name := range files {
		if filepath.Base(name) == Output {
			continue
		}
		// What does not parse is told by the Go command, if it belongs to this build.
		file, _ := parser.ParseFile(l.fset, name, nil, parser.SkipObjectResolution)
		if file == nil || file.Name == nil || file.Name.Name != p.Name {
			continue
		}
		for _, decl := range file.Decls {
			for _, ident := range declaredIn(decl) {
				all.names[ident.Name] = ident.Pos()
			}
		}
		for _, spec := range file.Imports {
			for _, name := range importedBy(p, spec) {
				all.imports[name] = spec.Pos()
			}
		}
	}
	return all
}

// declaredIn are the names that a declaration gives to the package.
func declaredIn(decl ast.Decl) []*ast.Ident {
	var names []*ast.Ident
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			names = append(names, decl.Name)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name)
			case *ast.ValueSpec:
				names = append(names, spec.Names...)
			}
		}
	}
	return names
}

// importedBy are the names that an import gives to its file.
func importedBy(p *packages.Package, spec *ast.ImportSpec) []string {
	target := strings.Trim(spec.Path.Value, "\"`")
	known := p.Imports[target]
	switch {
	case spec.Name != nil && spec.Name.Name == ".":
		var names []string
		if known != nil && known.Types != nil {
			for _, name := range known.Types.Scope().Names() {
				if token.IsExported(name) {
					names = append(names, name)
				}
			}
		}
		return names
	case spec.Name != nil:
		return []string{spec.Name.Name}
	case known != nil:
		return []string{known.Name}
	}
	return []string{likelyName(target)}
}

// version is the last part of a module's path from its second version on.
var version = regexp.MustCompile(`^v[0-9]+$`)

// likelyName is how a package that is not loaded is likely to be called.
func likelyName(target string) string {
	name := path.Base(target)
	if version.MatchString(name) {
		name = path.Base(path.Dir(target))
	}
	return strings.TrimPrefix(name, "go-")
}

// needed are the predeclared names that generated code has to mean what they do.
var needed = func() map[string]bool {
	all := map[string]bool{"any": true, "byte": true, "error": true, "len": true, "make": true, "new": true, "nil": true, "false": true}
	for kind := range basics {
		all[types.Typ[kind].Name()] = true
	}
	return all
}()

func setOf(names map[string]token.Pos) map[string]bool {
	set := make(map[string]bool)
	for name := range names {
		set[name] = true
	}
	return set
}

// checkNames finds names that are declared and would be generated, or are generated
// twice, and those that hide what generated code needs.
func (l *loader) checkNames(pkg *model.Package, p *packages.Package) {
	if len(pkg.Services) == 0 {
		return
	}
	all := l.declaredBy(p, pkg.Dir)
	pkg.Declared, pkg.Imported = setOf(all.names), setOf(all.imports)
	for name := range needed {
		if pos, hidden := all.names[name]; hidden {
			l.fault(site{pos: pos}, "%s hides what Go calls so, which generated code needs; give this another name", name)
		}
	}
	owners := make(map[string]string)
	for _, s := range pkg.Services {
		for _, name := range s.Generated() {
			for _, taken := range []map[string]token.Pos{all.names, all.imports} {
				if pos, ok := taken[name]; ok {
					l.fault(site{pos: pos}, "%s is what roamgen calls something that it generates for %s; give this another name", name, s.GoName)
				}
			}
			if other, twice := owners[name]; twice {
				pos := pkg.Types.Scope().Lookup(s.GoName).Pos()
				l.fault(site{pos: pos, path: []string{s.GoName}}, "%s is what roamgen calls something that it generates for %s as well; give one of both another name", name, other)
			}
			owners[name] = s.GoName
		}
	}
}
