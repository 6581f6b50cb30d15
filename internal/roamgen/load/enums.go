package load

import (
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
	"github.com/roam-rpc/roam-go/internal/roamgen/names"
	"github.com/roam-rpc/roam-go/schema"
)

// unitEnum is an integer type whose constants are the variants.
func (l *loader) unitEnum(t *types.Named, under *types.Basic, n notes, s site) *model.Type {
	if d, _ := n.get("enum"); d.args != "" {
		l.fault(site{pos: d.pos}, "//roam:enum above an integer type stands alone: its constants are the variants, in the order of the source")
		return nil
	}
	obj := t.Obj()
	var constants []*types.Const
	scope := obj.Pkg().Scope()
	for _, name := range scope.Names() {
		if c, ok := scope.Lookup(name).(*types.Const); ok && types.Identical(c.Type(), t) {
			constants = append(constants, c)
		}
	}
	slices.SortFunc(constants, func(a, b *types.Const) int { return l.bySource(a, b) })
	if len(constants) == 0 {
		l.fault(s, "the enum %s has no constants; declare them, as const %sFirst %s = iota", l.text(t), obj.Name(), obj.Name())
		return nil
	}
	m := &model.Type{Go: t, Form: model.UnitEnum, Wire: &schema.Type{Kind: schema.Enum}, MinSize: 1}
	ok := true
	taken := make(map[string]bool)
	for i, c := range constants {
		at := l.at(s, c.Pos(), l.text(t)+" "+c.Name())
		cn := l.notesOf(c)
		ok = l.checkDirectives(cn, at) && ok
		name := names.Variant(obj.Name(), c.Name())
		if d, renamed := cn.get("name"); renamed {
			name = d.args
		}
		same := slices.IndexFunc(constants[:i], func(o *types.Const) bool {
			return constant.Compare(o.Val(), token.EQL, c.Val())
		})
		switch {
		case !c.Exported() && !l.here(c.Pkg()):
			l.fault(at, "the constant is not exported by its package; export it")
			ok = false
		case same >= 0:
			l.fault(at, "the constant has the value of %s, so that they cannot be told apart; remove one, or take it out of the type", constants[same].Name())
			ok = false
		case taken[name]:
			l.fault(at, "another variant is called %s as well; give one another name with //roam:name", name)
			ok = false
		}
		taken[name] = true
		m.Constants = append(m.Constants, model.Constant{Object: c})
		m.Wire.Variants = append(m.Wire.Variants, schema.Variant{Name: name, Doc: cn.doc})
	}
	if !ok {
		return nil
	}
	return m
}

// enum is a sealed interface: the types that //roam:enum lists are the variants.
func (l *loader) enum(t *types.Named, under *types.Interface, n notes, s site) *model.Type {
	d, ok := n.get("enum")
	if !ok {
		l.fault(s, "%s can hold anything; mark it //roam:enum A B C with the types that it may hold", l.text(t))
		return nil
	}
	if d.args == "" {
		l.fault(site{pos: d.pos, path: s.path}, "//roam:enum above an interface lists the types that it may hold, as //roam:enum Circle Square")
		return nil
	}
	m := &model.Type{Go: t, Form: model.Enum, Wire: &schema.Type{Kind: schema.Enum}, MinSize: 1}
	taken := make(map[string]bool)
	for _, name := range strings.Fields(d.args) {
		name = strings.TrimPrefix(name, "*") // which of both implements it is found out
		at := site{d.pos, append(slices.Clip(s.path), l.text(t)+" "+name)}
		v, wire := l.variant(t, under, name, at)
		if v == nil {
			ok = false
			continue
		}
		if slices.ContainsFunc(m.Variants, func(o model.Variant) bool { return types.Identical(o.Type.Go, v.Type.Go) }) {
			l.fault(at, "the type stands twice")
			ok = false
			continue
		}
		if taken[wire.Name] {
			l.fault(at, "another variant is called %s as well; give one another name with //roam:name", wire.Name)
			ok = false
		}
		taken[wire.Name] = true
		m.Variants = append(m.Variants, *v)
		m.Wire.Variants = append(m.Wire.Variants, wire)
		m.HasChannel = m.HasChannel || v.Type.HasChannel
	}
	if !ok {
		return nil
	}
	return m
}

// variant reads one type that an enum lists.
func (l *loader) variant(enum *types.Named, iface *types.Interface, name string, s site) (*model.Variant, schema.Variant) {
	var none schema.Variant
	obj, ok := enum.Obj().Pkg().Scope().Lookup(name).(*types.TypeName)
	if !ok {
		l.fault(s, "there is no type %s in package %s; list types of the interface's own package, between spaces", name, enum.Obj().Pkg().Name())
		return nil, none
	}
	t := types.Unalias(obj.Type())
	if p, ok := t.(*types.Pointer); ok { // an alias of one
		t = types.Unalias(p.Elem())
	}
	if generic, ok := obj.Type().(interface{ TypeParams() *types.TypeParamList }); ok && generic.TypeParams().Len() > 0 {
		l.fault(s, "%s has type parameters; list an alias of an instance, as type %sOfInt = %s[int]", name, name, name)
		return nil, none
	}
	value, pointer := types.Implements(t, iface), types.Implements(types.NewPointer(t), iface)
	if !value && !pointer {
		missing, _ := types.MissingMethod(types.NewPointer(t), iface, true)
		l.fault(s, "%s does not implement %s: it has no method %s", name, l.text(enum), missing.Name())
		return nil, none
	}
	if _, isInterface := t.Underlying().(*types.Interface); isInterface {
		l.fault(s, "%s is an interface; list the types that it holds", name)
		return nil, none
	}
	m := l.typeOf(t, s)
	if m == nil {
		return nil, none
	}
	n := l.notesOf(obj)
	if !l.checkDirectives(n, s) {
		return nil, none
	}
	wire := schema.Variant{Name: names.Variant(enum.Obj().Name(), name), Doc: n.doc}
	if d, renamed := n.get("name"); renamed {
		wire.Name = d.args
	}
	setPayload(&wire, m)
	return &model.Variant{Type: m, Pointer: !value}, wire
}

// setPayload says what a variant of type m holds: a struct its fields, with a tuple's
// numbered, and any other type the one value that it is.
func setPayload(v *schema.Variant, m *model.Type) {
	switch {
	case m.Form != model.Struct:
		unnamed := *m.Wire
		unnamed.Name, unnamed.Doc = "", ""
		v.Value = &unnamed
		if m.Form == model.UnitEnum {
			v.Value = m.Wire
		}
	case m.Wire.Kind == schema.Struct:
		v.Fields = m.Wire.Fields
	case len(m.Wire.Fields) == 1:
		v.Value = m.Wire.Fields[0].Type
	default:
		for i, f := range m.Wire.Fields {
			v.Fields = append(v.Fields, schema.Field{Name: strconv.Itoa(i), Doc: f.Doc, Type: f.Type})
		}
	}
}
