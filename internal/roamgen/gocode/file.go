package gocode

import (
	"bytes"
	"fmt"
	"go/format"
	"go/types"
	"slices"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
	"github.com/roam-rpc/roam-go/schema"
)

// Packages that generated code imports.
const (
	roamPath   = "github.com/roam-rpc/roam-go"
	wirePath   = roamPath + "/wire"
	schemaPath = roamPath + "/schema"
)

// File writes the file of a package. The result is gofmt-ed and the same for the same
// model.
func File(pkg *model.Package) ([]byte, error) {
	g := &generator{pkg: pkg, imports: make(map[string]imported), taken: make(map[string]bool), names: make(map[*model.Type]string),
		described: make(map[*schema.Type]string)}
	for _, s := range pkg.Services {
		for _, name := range s.Generated() {
			g.taken[name] = true
		}
	}
	for _, s := range pkg.Services {
		g.service(s)
	}
	g.types()
	var file bytes.Buffer
	fmt.Fprintf(&file, "%s\npackage %s\n\n", model.Header, pkg.Types.Name())
	g.writeImports(&file)
	file.Write(g.out.Bytes())
	source, err := format.Source(file.Bytes())
	if err != nil {
		return nil, fmt.Errorf("the code generated for %s does not parse, which is a fault of roamgen: %w\n%s", pkg.Types.Path(), err, file.Bytes())
	}
	return source, nil
}

// generator writes one file.
type generator struct {
	pkg     *model.Package
	out     bytes.Buffer
	imports map[string]imported // by path
	taken   map[string]bool     // identifiers of the package that are generated
	names   map[*model.Type]string
	queue   []*model.Type // whose functions are to be written, in the order of need
	codecs  []*model.Type // whose wire.Codec is to be written
	made    []*model.Type // that have one
	errors  []*errorCode  // whose functions are to be written
	known   []*errorCode  // all of them

	schemas   []*schema.Type // named types, in the order of need
	described map[*schema.Type]string
}

// p writes a line.
func (g *generator) p(text string, values ...any) {
	fmt.Fprintf(&g.out, text+"\n", values...)
}

// body runs write and returns what it wrote.
func (g *generator) body(write func()) string {
	outer := g.out
	g.out = bytes.Buffer{}
	write()
	text := g.out.String()
	g.out = outer
	return text
}

// doc writes text as a comment.
func (g *generator) doc(text string) {
	for line := range strings.Lines(text) {
		g.p("%s", strings.TrimRight("// "+strings.TrimRight(line, "\n"), " "))
	}
}

// ident gives an identifier of the package's that nothing else has, base if it can.
func (g *generator) ident(base string) string { return g.numbered(base, g.free) }

// numbered is base, or base with the first number that makes it free.
func (g *generator) numbered(base string, free func(name string) bool) string {
	name := base
	for n := 2; !free(name); n++ {
		name = fmt.Sprintf("%s%d", base, n)
	}
	g.taken[name] = true
	return name
}

// free says that the file may declare name. Files may not import another package by a
// name that the package declares.
func (g *generator) free(name string) bool { return g.importable(name) && !g.pkg.Imported[name] }

// importable says that the file may import a package by name.
func (g *generator) importable(name string) bool {
	return !g.taken[name] && !g.pkg.Declared[name] && types.Universe.Lookup(name) == nil
}

// imported is a package that the file imports.
type imported struct{ name, own string } // name in the file, and the package's own

// use gives the name by which the file imports a package, whose own name is own.
func (g *generator) use(path, own string) string {
	if known, ok := g.imports[path]; ok {
		return known.name
	}
	name := g.numbered(own, g.importable)
	g.imports[path] = imported{name, own}
	return name
}

func (g *generator) roam() string   { return g.use(roamPath, "roam") }
func (g *generator) wire() string   { return g.use(wirePath, "wire") }
func (g *generator) schema() string { return g.use(schemaPath, "schema") }

// std is a package of the standard library.
func (g *generator) std(path string) string {
	return g.use(path, path[strings.LastIndex(path, "/")+1:])
}

// typeText is a Go type as the file writes it.
func (g *generator) typeText(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == g.pkg.Types.Path() {
			return ""
		}
		return g.use(p.Path(), p.Name())
	})
}

func (g *generator) writeImports(file *bytes.Buffer) {
	var std, others []string
	for path := range g.imports {
		if strings.Contains(strings.Split(path, "/")[0], ".") {
			others = append(others, path)
		} else {
			std = append(std, path)
		}
	}
	slices.Sort(std)
	slices.Sort(others)
	file.WriteString("import (\n")
	for i, group := range [][]string{std, others} {
		if i > 0 && len(std) > 0 {
			file.WriteString("\n")
		}
		for _, path := range group {
			fmt.Fprintf(file, "%s %q\n", g.importName(path), path)
		}
	}
	file.WriteString(")\n\n")
}

// importName is the name to write before a path: none where it is the package's own and
// the path's last part.
func (g *generator) importName(path string) string {
	if p := g.imports[path]; p.name != p.own || !strings.HasSuffix("/"+path, "/"+p.name) {
		return p.name
	}
	return ""
}
