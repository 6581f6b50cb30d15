package ccode

import (
	"fmt"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
	"github.com/roam-rpc/roam-go/schema"
)

// known finds a type that was made. One with channels has two forms: the handler's and
// the caller's.
type known struct {
	of     *model.Type
	caller bool
}

// ctype gives the C type of a Go type. The first time it also has the type declared, after
// those that it is made of.
func (g *generator) ctype(of *model.Type, caller bool) *ctype {
	at := known{of, caller && of.HasChannel}
	if t, ok := g.known[at]; ok {
		return t
	}
	t := g.newType(of, at.caller)
	if t.empty {
		t = leaf("Unit", 0)
	}
	t.minSize, t.channel, t.caller = of.MinSize, of.HasChannel, at.caller
	if named, ok := isNamed(of); ok && t.isUser() {
		t.name, t.key, t.named = g.typeName(named), named.String(), true
		t.doc = of.Wire.Doc
	}
	if at.caller && t.isUser() {
		t.name, t.key = t.name+"_caller", "caller's "+t.key
	}
	t = g.declare(t)
	g.known[at] = t
	return t
}

// isUser says that the type is declared by the generated header.
func (t *ctype) isUser() bool { return t.isStruct() || t.form == model.UnitEnum }

// declare gives a type its C name and has it declared, unless one that is equal is already.
func (g *generator) declare(t *ctype) *ctype {
	if !t.isUser() {
		return t
	}
	full := g.prefix + "_" + t.name
	if same, ok := g.byKey[t.key]; ok {
		return same
	}
	g.claim(g.tags, full, t.key)
	g.byKey[t.key] = t
	t.c = "struct " + full
	if t.form == model.UnitEnum {
		t.c = "enum " + full
	}
	g.order = append(g.order, t)
	return t
}

func (g *generator) newType(of *model.Type, caller bool) *ctype {
	part := func(m *model.Type) *ctype { return g.ctype(m, caller) }
	switch of.Form {
	case model.Leaf:
		return leaf(of.Codec, of.MinSize)
	case model.ByteArray, model.Array:
		return arrayOf(part(of.Elem), of.Wire.Len)
	case model.List:
		if of.Wire.Kind == schema.Bytes {
			return leaf("Bytes", 1)
		}
		return listOf("list", part(of.Elem))
	case model.Set:
		return listOf("set", part(of.Elem))
	case model.Map:
		return mapOf(part(of.Key), part(of.Elem))
	case model.Option:
		return optionOf(part(of.Elem))
	case model.Tx, model.Rx:
		return g.end(of, caller)
	case model.Struct:
		return g.structure(of, caller)
	case model.UnitEnum:
		return g.unitEnum(of)
	}
	return g.enum(of, caller)
}

func arrayOf(elem *ctype, n int) *ctype {
	return &ctype{form: model.Array, name: fmt.Sprintf("array%d_%s", n, elem.name), key: fmt.Sprintf("array of %d %s", n, elem.key),
		elem: elem, count: n, empty: n == 0 || elem.empty, plain: elem.plain, size: n * elem.size, align: elem.align}
}

// listOf is a list or a set.
func listOf(form string, elem *ctype) *ctype {
	return &ctype{form: model.List, name: form + "_" + elem.name, key: form + " of " + elem.key, elem: elem,
		size: 2 * word, align: word}
}

func mapOf(key, elem *ctype) *ctype {
	return &ctype{form: model.Map, name: "map_" + key.name + "_" + elem.name, key: "map of " + key.key + " to " + elem.key,
		mapKey: key, elem: elem, size: 2 * word, align: word}
}

func optionOf(elem *ctype) *ctype {
	t := &ctype{form: model.Option, name: "option_" + elem.name, key: "option of " + elem.key, elem: elem,
		boxed: elem.size >= boxedFrom}
	t.plain = elem.plain && !t.boxed
	t.layout(leaf("Bool", 1), held(elem, t.boxed))
	return t
}

// end is a channel's end as its holder has it: the caller of a method that receives sends.
func (g *generator) end(of *model.Type, caller bool) *ctype {
	item := g.ctype(of.Elem, false)
	sends := (of.Form == model.Tx) != caller
	t := &ctype{form: model.Rx, name: "rx_" + item.name, c: "struct roam_rx *", elem: item, size: word, align: word}
	if sends {
		t.form, t.name, t.c = model.Tx, "tx_"+item.name, "struct roam_tx *"
	}
	t.key = strings.Replace(t.name, "_", " of ", 1)
	g.item(item)
	return t
}

func (g *generator) structure(of *model.Type, caller bool) *ctype {
	fields := make([]field, len(of.Fields))
	for i, f := range of.Fields {
		fields[i] = field{member(f.GoName), of.Wire.Fields[i].Doc, g.ctype(f.Type, caller)}
	}
	t := structOf("struct", fields)
	g.checkFields(of.Go.String(), t)
	return t
}

// structOf is a struct; its name and key are made from its fields, for one that has none.
func structOf(name string, fields []field) *ctype {
	t := &ctype{form: model.Struct, name: name, key: "struct {", fields: fields, empty: true, plain: true}
	var parts []*ctype
	for _, f := range fields {
		t.name += "_" + f.name
		t.key += " " + f.name + " " + f.t.key + ";"
		t.empty = t.empty && f.t.empty
		t.plain = t.plain && f.t.plain
		parts = append(parts, f.t)
	}
	t.key += " }"
	t.layout(parts...)
	return t
}

// checkFields finds fields that C could not tell apart.
func (g *generator) checkFields(of string, t *ctype) {
	seen := make(map[string]bool)
	for _, f := range t.fields {
		if seen[f.name] {
			g.fault("two fields of %s are called %s in C; give one of them another name in Go, and keep the one on the wire by the tag `roam:\"name\"`", of, f.name)
		}
		seen[f.name] = true
	}
}

func (g *generator) unitEnum(of *model.Type) *ctype {
	t := &ctype{form: model.UnitEnum, plain: true, size: 4, align: 4}
	g.variants(of, t)
	return t
}

func (g *generator) enum(of *model.Type, caller bool) *ctype {
	t := &ctype{form: model.Enum, plain: true}
	g.variants(of, t)
	named, _ := isNamed(of)
	t.tag = g.prefix + "_" + g.typeName(named) + "_tag"
	g.claim(g.tags, t.tag, "what tells the variants apart of "+named.String())
	union := &ctype{align: 1, empty: true}
	for i, v := range of.Variants {
		held := g.ctype(v.Type, caller)
		t.variants[i].t, t.variants[i].boxed = held, held.size >= boxedFrom
		t.plain = t.plain && held.plain && held.size < boxedFrom
		union.add(held)
	}
	union.size = roundUp(union.size, union.align)
	t.layout(leaf("U32", 1), union)
	return t
}

// add makes a union larger that holds one more.
func (t *ctype) add(variant *ctype) {
	if variant.empty {
		return
	}
	in := held(variant, variant.size >= boxedFrom)
	t.empty = false
	t.size, t.align = max(t.size, in.size), max(t.align, in.align)
}

// variants names the variants of an enum. Their constants are named for the enum, of which
// the handler's and the caller's form have the same.
func (g *generator) variants(of *model.Type, t *ctype) {
	named, _ := isNamed(of) // every enum is
	for _, v := range of.Wire.Variants {
		constant := strings.ToUpper(g.prefix + "_" + g.typeName(named) + "_" + snake(v.Name))
		g.claim(g.idents, constant, fmt.Sprintf("%s of %s", v.Name, named))
		t.variants = append(t.variants, variant{constant: constant, name: member(v.Name), doc: v.Doc})
	}
}
