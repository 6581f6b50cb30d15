package load

import (
	"cmp"
	"fmt"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// Result is what a run found.
type Result struct {
	Packages []*model.Package // those that have services
	// Left are generated files of packages that have no service any more.
	Left []string
}

// loader is one run.
type loader struct {
	fset    *token.FileSet
	dir     string // that faults name files from, absolute
	roots   map[string]bool
	all     map[string]*packages.Package // by path, with all that is imported
	ours    map[*token.File]bool         // files of the main module
	names   map[*token.File]string       // of files, as the source says
	indices map[string]index
	types   typeutil.Map // of Go types to *model.Type, nil where one is at fault
	stack   []types.Type // whose parts are being looked at
	costs   map[*model.Type][2]int64
	// generating is the path of the package whose services are being read. What it
	// does not export, its generated code may use and others' may not, so that types
	// are looked at anew for each package.
	generating string
	faults     Faults
	repeated   int // times that a type at fault came up again
}

// Services loads the packages that patterns name, as the go command understands them
// in dir, and reads their services. Errors: [Faults], or why the packages cannot be
// loaded.
//
// The generated file itself is not looked at, and packages may have other errors: they
// may use what is yet to be generated.
func Services(dir string, patterns ...string) (*Result, error) {
	const names = packages.NeedName | packages.NeedFiles
	found, err := packages.Load(&packages.Config{Mode: names, Dir: dir}, patterns...)
	if err != nil {
		return nil, err
	}
	result, files := new(Result), outputsOf(found)
	const all = names | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps | packages.NeedTypes |
		packages.NeedSyntax | packages.NeedTypesInfo | packages.NeedTypesSizes | packages.NeedModule
	found, err = load(dir, all, files.overlay(), patterns)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	l := &loader{
		fset: found[0].Fset, dir: dir, roots: make(map[string]bool),
		all: make(map[string]*packages.Package), indices: make(map[string]index),
		ours: make(map[*token.File]bool), costs: make(map[*model.Type][2]int64), names: make(map[*token.File]string),
	}
	packages.Visit(found, nil, func(p *packages.Package) {
		l.all[p.PkgPath] = p
		for _, file := range p.Syntax {
			f := l.fset.File(file.FileStart)
			l.ours[f] = p.Module != nil && p.Module.Main
			l.names[f] = l.fset.Position(file.Package).Filename
		}
	})
	for _, p := range found {
		l.roots[p.PkgPath] = true
	}
	for _, p := range found {
		pkg := l.readPackage(p)
		switch {
		case len(pkg.Services) > 0:
			result.Packages = append(result.Packages, pkg)
			if generated, exists := files[p.Dir]; exists && !generated {
				l.faults = append(l.faults, Fault{
					Pos:  l.relative(token.Position{Filename: filepath.Join(p.Dir, Output), Line: 1, Column: 1}),
					Text: "this is the name of the file that roamgen writes, and roamgen did not write this one; give it another name",
				})
			}
		case files[p.Dir]:
			result.Left = append(result.Left, filepath.Join(p.Dir, Output))
		}
	}
	if len(l.faults) > 0 {
		return nil, l.faults.sorted()
	}
	return result, nil
}

// load is packages.Load that fails when a package cannot be found or parsed.
func load(dir string, mode packages.LoadMode, overlay map[string][]byte, patterns []string) ([]*packages.Package, error) {
	found, err := packages.Load(&packages.Config{Mode: mode, Dir: dir, Overlay: overlay}, patterns...)
	if err != nil {
		return nil, err
	}
	for _, p := range found {
		for _, e := range p.Errors {
			if e.Kind != packages.TypeError {
				return nil, fmt.Errorf("load %s: %w", p.PkgPath, e)
			}
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no Go package matches %q", patterns)
	}
	return found, nil
}

// readPackage reads the services of one package.
func (l *loader) readPackage(p *packages.Package) *model.Package {
	pkg := &model.Package{Types: p.Types, Dir: p.Dir, Position: l.position}
	l.generating, l.types = p.PkgPath, typeutil.Map{}
	l.indexOf(p.Types)
	scope := p.Types.Scope()
	var marked []*types.TypeName
	for _, name := range scope.Names() {
		if obj, ok := scope.Lookup(name).(*types.TypeName); ok && l.notesOf(obj).has("service") {
			marked = append(marked, obj)
		}
	}
	slices.SortFunc(marked, func(a, b *types.TypeName) int { return l.bySource(a, b) })
	for _, obj := range marked {
		if s := l.readService(obj); s != nil {
			pkg.Services = append(pkg.Services, s)
		}
	}
	l.checkIDs(pkg)
	l.checkNames(pkg, p)
	return pkg
}

// bySource orders objects by file name and place in it. Within a file no //line changes
// that; of one that cgo has rewritten, the name is the source's.
func (l *loader) bySource(a, b types.Object) int {
	fa, fb := l.fset.File(a.Pos()), l.fset.File(b.Pos())
	if fa != fb {
		return cmp.Or(cmp.Compare(l.names[fa], l.names[fb]), cmp.Compare(fa.Name(), fb.Name()))
	}
	return cmp.Compare(a.Pos(), b.Pos())
}

// checkIDs finds methods that the other side could not tell apart.
func (l *loader) checkIDs(pkg *model.Package) {
	owners := make(map[uint64]string)
	for _, s := range pkg.Services {
		for _, m := range s.Methods {
			name := s.GoName + "." + m.GoName
			if other, taken := owners[m.ID(s)]; taken {
				obj := pkg.Types.Scope().Lookup(s.GoName)
				l.fault(site{pos: obj.Pos()}, "%s and %s have the same method id: their names are the same on the wire, and so are their types; give one another name with //roam:name", other, name)
			}
			owners[m.ID(s)] = name
		}
	}
}
