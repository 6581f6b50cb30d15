package load

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/packages"
)

// index finds the comments of what a package declares.
type index struct {
	notes map[token.Pos]notes // by the position of the declared name
	// defined are the types that others are defined as, B in type A B, and embedded
	// what interfaces embed; both by the position of the defined name.
	defined  map[token.Pos]types.Type
	embedded map[token.Pos][]embedding
}

// embedding is one embedded type.
type embedding struct {
	pos  token.Pos
	kind types.Type
}

// indexOf reads the comments of a package, once.
func (l *loader) indexOf(pkg *types.Package) index {
	if ix, ok := l.indices[pkg.Path()]; ok {
		return ix
	}
	ix := index{make(map[token.Pos]notes), make(map[token.Pos]types.Type), make(map[token.Pos][]embedding)}
	if p := l.all[pkg.Path()]; p != nil {
		for _, file := range p.Syntax {
			l.indexFile(ix, file, p)
		}
	}
	l.indices[pkg.Path()] = ix
	return ix
}

// notesOf gives the comments above an object of any package.
func (l *loader) notesOf(obj types.Object) notes {
	if obj.Pkg() == nil {
		return notes{}
	}
	return l.indexOf(obj.Pkg()).notes[obj.Pos()]
}

// indexFile reads one file. What is wrong with its directives is told when the
// package is one of those to generate for.
func (l *loader) indexFile(ix index, file *ast.File, p *packages.Package) {
	attached := make(map[*ast.CommentGroup]bool)
	strict := l.roots[p.PkgPath]
	add := func(name token.Pos, group *ast.CommentGroup, on target) {
		if group == nil {
			return
		}
		n := notesOf(group, on)
		ix.notes[name] = n
		attached[group] = true
		if strict {
			l.checkDirectives(n, site{})
		}
	}
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				add(spec.Name.Pos(), docOf(gen, spec.Doc), targetOf(spec, p.TypesInfo))
				indexMembers(spec.Type, add)
				ix.defined[spec.Name.Pos()] = p.TypesInfo.TypeOf(spec.Type)
				ix.embedded[spec.Name.Pos()] = embeddings(spec.Type, p.TypesInfo)
			case *ast.ValueSpec:
				if gen.Tok == token.CONST {
					for _, name := range spec.Names {
						add(name.Pos(), docOf(gen, spec.Doc), onConstant)
					}
				}
			}
		}
	}
	if strict {
		l.checkStray(file, attached)
	}
}

// docOf is the comment above a spec, which for a declaration of one thing stands above
// the declaration.
func docOf(gen *ast.GenDecl, doc *ast.CommentGroup) *ast.CommentGroup {
	if doc == nil && !gen.Lparen.IsValid() {
		return gen.Doc
	}
	return doc
}

// indexMembers adds the fields of a struct and the methods of an interface.
func indexMembers(expr ast.Expr, add func(token.Pos, *ast.CommentGroup, target)) {
	ast.Inspect(expr, func(n ast.Node) bool {
		var fields *ast.FieldList
		on := onField
		switch t := n.(type) {
		case *ast.StructType:
			fields = t.Fields
		case *ast.InterfaceType:
			fields, on = t.Methods, onMethod
		default:
			return true
		}
		for _, f := range fields.List {
			doc := f.Doc
			if doc == nil {
				doc = f.Comment
			}
			for _, name := range f.Names {
				add(name.Pos(), doc, on)
			}
			if len(f.Names) == 0 {
				if on == onMethod {
					on = onEmbedded
				}
				add(embeddedName(f.Type), doc, on)
			}
		}
		return true
	})
}

// embeddings are what an interface embeds.
func embeddings(expr ast.Expr, info *types.Info) []embedding {
	t, ok := expr.(*ast.InterfaceType)
	if !ok {
		return nil
	}
	var all []embedding
	for _, f := range t.Methods.List {
		if kind := info.TypeOf(f.Type); len(f.Names) == 0 && kind != nil {
			all = append(all, embedding{embeddedName(f.Type), kind})
		}
	}
	return all
}

// embeddedName is the position of an embedded type's name, which is its field's.
func embeddedName(expr ast.Expr) token.Pos {
	switch t := expr.(type) {
	case *ast.StarExpr:
		return embeddedName(t.X)
	case *ast.SelectorExpr:
		return t.Sel.Pos()
	case *ast.IndexExpr:
		return embeddedName(t.X)
	case *ast.IndexListExpr:
		return embeddedName(t.X)
	}
	return expr.Pos()
}
