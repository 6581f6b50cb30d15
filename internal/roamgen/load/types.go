package load

import (
	"fmt"
	"go/types"
	"slices"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
	"github.com/roam-rpc/roam-go/schema"
)

// Packages whose types have forms of their own.
const (
	roamPath = "github.com/roam-rpc/roam-go"
	wirePath = roamPath + "/wire"
)

// typeOf gives the wire form of a Go type, nil when it has none. Each Go type is looked
// at once, and what is wrong with it is told once, with the path that came to it first.
func (l *loader) typeOf(t types.Type, s site) *model.Type {
	t = types.Unalias(t)
	if known, ok := l.types.At(t).(*model.Type); ok {
		if known == nil {
			l.repeated++
		}
		return known
	}
	if slices.ContainsFunc(l.stack, func(outer types.Type) bool { return types.Identical(outer, t) || grows(outer, t) }) {
		l.fault(s, "%s contains itself; the wire has no recursive types: send a list of nodes that name each other by index", l.text(t))
		return nil
	}
	told := len(l.faults) + l.repeated
	l.stack = append(l.stack, t)
	m := l.newType(t, s)
	l.stack = l.stack[:len(l.stack)-1]
	if m == nil && len(l.faults)+l.repeated == told {
		panic(fmt.Sprintf("%s has no form on the wire, and nobody is told why", t))
	}
	l.types.Set(t, m)
	return m
}

func (l *loader) newType(t types.Type, s site) *model.Type {
	if m := l.special(t, t); m != nil {
		return m
	}
	if why := l.unnameable(t); why != "" {
		l.fault(s, "%s", why)
		return nil
	}
	switch t := t.(type) {
	case *types.Basic:
		return l.basic(t, t, s)
	case *types.Named:
		return l.named(t, s)
	}
	return l.composite(t, t, s)
}

// special is a type t that is, or is defined as, one with a form that does not follow
// from what it is made of.
func (l *loader) special(t, as types.Type) *model.Type {
	for _, p := range []struct {
		path, name, codec string
		kind              schema.Kind
	}{
		{"time", "Time", "Time", schema.I64},
		{"time", "Duration", "Duration", schema.I64},
		{wirePath, "Uint128", "U128", schema.U128},
		{wirePath, "Int128", "I128", schema.I128},
		{wirePath, "Char", "Char", schema.Char},
	} {
		if isNamed(as, p.path, p.name) {
			return &model.Type{Go: t, Wire: &schema.Type{Kind: p.kind}, Codec: p.codec, Basic: as, MinSize: minimum(p.kind)}
		}
	}
	return nil
}

var basics = map[types.BasicKind]struct {
	kind  schema.Kind
	codec string
}{
	types.Bool:    {schema.Bool, "Bool"},
	types.Int:     {schema.I64, "Int"},
	types.Int8:    {schema.I8, "I8"},
	types.Int16:   {schema.I16, "I16"},
	types.Int32:   {schema.I32, "I32"},
	types.Int64:   {schema.I64, "I64"},
	types.Uint:    {schema.U64, "Uint"},
	types.Uint8:   {schema.U8, "U8"},
	types.Uint16:  {schema.U16, "U16"},
	types.Uint32:  {schema.U32, "U32"},
	types.Uint64:  {schema.U64, "U64"},
	types.Float32: {schema.F32, "F32"},
	types.Float64: {schema.F64, "F64"},
	types.String:  {schema.String, "String"},
}

// minimum is the least that a value of a kind without parts takes, bytes.
func minimum(k schema.Kind) int {
	switch k {
	case schema.F32:
		return 4
	case schema.F64:
		return 8
	case schema.Char: // length and at least one byte
		return 2
	case schema.Unit:
		return 0
	}
	return 1
}

func (l *loader) basic(t types.Type, b *types.Basic, s site) *model.Type {
	if known, ok := basics[b.Kind()]; ok {
		return &model.Type{Go: t, Wire: &schema.Type{Kind: known.kind}, Codec: known.codec,
			Basic: types.Typ[b.Kind()], MinSize: minimum(known.kind)}
	}
	switch {
	case b.Kind() == types.Invalid:
		l.fault(s, "this type does not compile")
	case b.Info()&types.IsComplex != 0:
		l.fault(s, "%s has no form on the wire; send a struct of two floats", b)
	case b.Kind() == types.Uintptr || b.Kind() == types.UnsafePointer:
		l.fault(s, "%s has no meaning in another process; send what it points to", b)
	default:
		l.fault(s, "%s has no form on the wire", b)
	}
	return nil
}

// named is a type with a name: what it is made of, unless a directive says more.
func (l *loader) named(t *types.Named, s site) *model.Type {
	obj := t.Obj()
	switch {
	case isError(t):
		l.fault(s, "an error has no form on the wire but as a method's last result; declare its type with //roam:error, or send a string")
		return nil
	case isNamed(t, roamPath, "Tx"), isNamed(t, roamPath, "Rx"):
		l.fault(s, "a channel end is passed by pointer; write *%s", l.text(t))
		return nil
	}
	n := l.notesOf(obj)
	if !l.checkDirectives(n, s) {
		return nil
	}
	m := l.defined(t, n, s)
	if m != nil {
		m.Wire.Name, m.Wire.Doc = l.nameOf(t), n.doc
	}
	return m
}

// defined is a named type as it is defined.
func (l *loader) defined(t *types.Named, n notes, s site) *model.Type {
	switch under := t.Underlying().(type) {
	case *types.Interface:
		return l.enum(t, under, n, s)
	case *types.Basic:
		if n.has("enum") {
			return l.unitEnum(t, under, n, s)
		}
	}
	if !n.has("tuple") {
		for as := l.definition(t); as != nil; as = l.definition(as) {
			if m := l.special(t, as); m != nil {
				return m
			}
		}
	}
	if under, ok := t.Underlying().(*types.Basic); ok {
		return l.basic(t, under, s)
	}
	return l.composite(t, t.Underlying(), s)
}

// definition is the named type that another is defined as, nil when there is none.
func (l *loader) definition(t types.Type) types.Type {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || types.Identical(named.Underlying(), types.Typ[types.Invalid]) {
		return nil
	}
	return l.indexOf(named.Obj().Pkg()).defined[named.Obj().Pos()]
}

// nameOf is a type's name for tools: without its package, with type arguments.
func (l *loader) nameOf(t types.Type) string {
	return types.TypeString(t, func(*types.Package) string { return "" })
}

// here says whether generated code may use what a package does not export.
func (l *loader) here(pkg *types.Package) bool { return l.generating == pkg.Path() }

// composite is a type made of others. t is the type itself, under what it is made of.
func (l *loader) composite(t, under types.Type, s site) *model.Type {
	switch u := under.(type) {
	case *types.Pointer:
		return l.pointer(t, u, s)
	case *types.Slice:
		return l.slice(t, u, s)
	case *types.Array:
		return l.array(t, u, s)
	case *types.Map:
		return l.mapping(t, u, s)
	case *types.Struct:
		if u.NumFields() == 0 && t == under {
			return &model.Type{Go: t, Wire: &schema.Type{Kind: schema.Unit}, Codec: "Unit", Basic: t}
		}
		return l.structure(t, u, s)
	case *types.Chan:
		l.fault(s, "a Go channel cannot leave its process; pass a *roam.Tx[T] or *roam.Rx[T] as an argument")
	case *types.Signature:
		l.fault(s, "a function cannot leave its process; make it a method of a service, or pass a *roam.Tx[T] or *roam.Rx[T]")
	case *types.Interface:
		l.fault(s, "%s can hold anything; list what it may hold in a named interface marked //roam:enum A B C", l.text(t))
	case *types.TypeParam:
		l.fault(s, "%s is a type parameter; use an instance", l.text(t))
	default:
		l.fault(s, "%s has no form on the wire", l.text(t))
	}
	return nil
}

func (l *loader) pointer(t types.Type, p *types.Pointer, s site) *model.Type {
	if item, sends, ok := channelEnd(p.Elem()); ok {
		return l.channel(t, item, sends, s)
	}
	elem := l.typeOf(p.Elem(), s)
	if elem == nil {
		return nil
	}
	return &model.Type{Go: t, Form: model.Option, Elem: elem, HasChannel: elem.HasChannel, MinSize: 1,
		Wire: &schema.Type{Kind: schema.Option, Elem: elem.Wire}}
}

// channelEnd takes roam.Tx[T] or roam.Rx[T] apart.
func channelEnd(t types.Type) (item types.Type, sends, ok bool) {
	sends = isNamed(t, roamPath, "Tx")
	if !sends && !isNamed(t, roamPath, "Rx") {
		return nil, false, false
	}
	return types.Unalias(t).(*types.Named).TypeArgs().At(0), sends, true
}

func (l *loader) channel(t, item types.Type, sends bool, s site) *model.Type {
	elem := l.typeOf(item, l.at(s, s.pos, "item"))
	if elem == nil {
		return nil
	}
	l.refuseChannels(s, elem, "an item")
	m := &model.Type{Go: t, Form: model.Rx, Elem: elem, HasChannel: true, MinSize: 1,
		Wire: &schema.Type{Kind: schema.Rx, Elem: elem.Wire}}
	if sends {
		m.Form, m.Wire.Kind = model.Tx, schema.Tx
	}
	return m
}

// bytesType is []byte.
var bytesType = types.NewSlice(types.Universe.Lookup("byte").Type())

// isByte says that t is uint8 itself, whose slices are bytes to Go as well.
func isByte(t types.Type) bool { return types.Identical(t, types.Typ[types.Uint8]) }

func (l *loader) slice(t types.Type, u *types.Slice, s site) *model.Type {
	if isByte(u.Elem()) {
		return &model.Type{Go: t, Wire: &schema.Type{Kind: schema.Bytes}, Codec: "Bytes", Basic: bytesType, MinSize: 1}
	}
	elem := l.typeOf(u.Elem(), l.at(s, s.pos, "item"))
	if elem == nil || l.heavy(s, elem) {
		return nil
	}
	m := &model.Type{Go: t, Form: model.List, Elem: elem, HasChannel: elem.HasChannel, MinSize: 1,
		Wire: &schema.Type{Kind: schema.List, Elem: elem.Wire}}
	if elem.Wire.Kind == schema.U8 {
		m.Wire = &schema.Type{Kind: schema.Bytes} // a list of u8, whatever Go calls it
	}
	return m
}

func (l *loader) array(t types.Type, u *types.Array, s site) *model.Type {
	elem := l.typeOf(u.Elem(), l.at(s, s.pos, "item"))
	if elem == nil || l.heavy(s, elem) {
		return nil
	}
	n := int(u.Len())
	m := &model.Type{Go: t, Form: model.Array, Elem: elem, HasChannel: elem.HasChannel, MinSize: n * elem.MinSize,
		Wire: &schema.Type{Kind: schema.Array, Elem: elem.Wire, Len: n}}
	if isByte(u.Elem()) {
		m.Form = model.ByteArray
	}
	return m
}

func (l *loader) mapping(t types.Type, u *types.Map, s site) *model.Type {
	key := l.typeOf(u.Key(), l.at(s, s.pos, "key"))
	if key != nil && !l.sortable(key) {
		l.fault(s, "%s cannot be a key: maps are sent in the order of their keys; use integers, bools, strings, chars, enums of constants, or structs and arrays of those", l.text(u.Key()))
		key = nil
	}
	if under, ok := types.Unalias(u.Elem()).(*types.Struct); ok && under.NumFields() == 0 {
		if key == nil || l.heavy(s, key) {
			return nil
		}
		return &model.Type{Go: t, Form: model.Set, Elem: key, MinSize: 1, Wire: &schema.Type{Kind: schema.Set, Elem: key.Wire}}
	}
	value := l.typeOf(u.Elem(), l.at(s, s.pos, "value"))
	if key == nil || value == nil || l.heavy(s, key, value) {
		return nil
	}
	return &model.Type{Go: t, Form: model.Map, Key: key, Elem: value, HasChannel: value.HasChannel, MinSize: 1,
		Wire: &schema.Type{Kind: schema.Map, Key: key.Wire, Elem: value.Wire}}
}

// sortable says whether keys of a type have an order.
func (l *loader) sortable(t *model.Type) bool {
	switch t.Form {
	case model.Leaf:
		return !slices.Contains([]string{"F32", "F64", "Time", "Bytes"}, t.Codec)
	case model.ByteArray, model.UnitEnum:
		return true
	case model.Array:
		return l.sortable(t.Elem)
	case model.Struct:
		return t.Wholly && !slices.ContainsFunc(t.Fields, func(f model.Field) bool { return !l.sortable(f.Type) })
	}
	return false
}

// isIdentifier keeps wire names to what other implementations can spell.
func isIdentifier(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '"' || r == '`' || r == '\\' || r == ',' })
}
