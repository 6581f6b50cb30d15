package load

import (
	"fmt"
	"go/types"
	"strings"
)

// unnameable says why generated code cannot write a type; empty when it can.
func (l *loader) unnameable(t types.Type) string {
	switch t := t.(type) {
	case *types.Named:
		if why := l.unreachable(t.Obj()); why != "" {
			return why
		}
	case *types.Alias:
		if why := l.unreachable(t.Obj()); why != "" {
			return why
		}
	case *types.Struct:
		for f := range t.Fields() {
			if !f.Exported() && !l.here(f.Pkg()) {
				return fmt.Sprintf("%s has no name, and a field that package %s does not export, so that generated code cannot write it; give it a name there", l.text(t), f.Pkg().Name())
			}
		}
	}
	for _, part := range parts(t) {
		if why := l.unnameable(part); why != "" {
			return why
		}
	}
	return ""
}

// unreachable says why generated code cannot name what a package declares.
func (l *loader) unreachable(obj *types.TypeName) string {
	pkg := obj.Pkg()
	switch {
	case pkg == nil || l.here(pkg):
		return ""
	case !obj.Exported():
		return fmt.Sprintf("%s is not exported by its package, so that generated code cannot name it; export it or send another type", l.text(obj.Type()))
	case pkg.Name() == "main" || !internalTo(pkg.Path(), l.generating):
		return fmt.Sprintf("%s is in the package %s, which this one may not import; move it or send another type", l.text(obj.Type()), pkg.Path())
	}
	return ""
}

// internalTo says that the rule of internal packages lets one package import another.
func internalTo(path, importer string) bool {
	elements := strings.Split(path, "/")
	for i, element := range elements {
		if element != "internal" {
			continue
		}
		above := strings.Join(elements[:i], "/")
		if above == "" || importer != above && !strings.HasPrefix(importer, above+"/") {
			return false
		}
	}
	return true
}

// parts are the types that stand in the text of a type.
func parts(t types.Type) []types.Type {
	var all []types.Type
	switch t := t.(type) {
	case *types.Named:
		for part := range t.TypeArgs().Types() {
			all = append(all, part)
		}
	case *types.Alias:
		for part := range t.TypeArgs().Types() {
			all = append(all, part)
		}
	case *types.Pointer:
		all = append(all, t.Elem())
	case *types.Slice:
		all = append(all, t.Elem())
	case *types.Array:
		all = append(all, t.Elem())
	case *types.Chan:
		all = append(all, t.Elem())
	case *types.Map:
		all = append(all, t.Key(), t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			all = append(all, f.Type())
		}
	case *types.Tuple:
		for v := range t.Variables() {
			all = append(all, v.Type())
		}
	case *types.Signature:
		all = append(all, t.Params(), t.Results())
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			all = append(all, m.Signature())
		}
		for part := range t.EmbeddedTypes() {
			all = append(all, part)
		}
	case *types.Union:
		for term := range t.Terms() {
			all = append(all, term.Type())
		}
	}
	return all
}

// contains says that inner stands in the text of outer, or is it.
func contains(outer, inner types.Type) bool {
	if types.Identical(outer, inner) {
		return true
	}
	for _, part := range parts(outer) {
		if contains(part, inner) {
			return true
		}
	}
	return false
}

// grows says that a type is an instance of the same generic type as outer, whose
// arguments hold those of outer: what contains itself so never ends.
func grows(outer, t types.Type) bool {
	from, ok := outer.(*types.Named)
	to, also := t.(*types.Named)
	if !ok || !also || from.Origin() != to.Origin() || to.TypeArgs().Len() == 0 {
		return false
	}
	for i := range to.TypeArgs().Len() {
		if !contains(to.TypeArgs().At(i), from.TypeArgs().At(i)) {
			return false
		}
	}
	return true
}
