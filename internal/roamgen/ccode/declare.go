package ccode

import (
	"fmt"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// declaration writes a type as C declares it.
func (g *generator) declaration(t *ctype) {
	switch {
	case t.form == model.Enum && !t.caller:
		g.constants("enum "+t.tag, t)
	case t.form == model.UnitEnum:
		g.comment(0, t.doc)
		g.constants(t.c, t)
		g.p("")
		return
	}
	doc := t.doc
	if t.caller {
		doc = strings.TrimSpace(strings.TrimSpace(doc) + "\n\nAs a caller has it: with the ends of channels that this side keeps.")
	}
	g.comment(0, doc)
	g.p("%s {", t.c)
	g.members(t)
	g.p("};\n")
}

// constants writes a C enum of the variants of t.
func (g *generator) constants(c string, t *ctype) {
	g.p("%s {", c)
	for i, v := range t.variants {
		g.comment(1, v.doc)
		g.p("\t%s = %d,", v.constant, i)
	}
	g.p("};")
	if t.form == model.Enum {
		g.p("")
	}
}

func (g *generator) members(t *ctype) {
	switch t.form {
	case model.Array:
		g.p("\t%s[%d];", declared(t.elem.c, "items"), t.count)
	case model.List:
		if !t.elem.empty {
			g.p("\t%s;", t.pointer(t.elem.c, t.elem, "items"))
		}
		g.p("\tsize_t count;")
	case model.Map:
		if entry := t.entry(); len(entry) > 0 {
			c := fmt.Sprintf("struct %s_entry", t.full())
			g.p("\t%s;", t.pointer(c, t.elem, "items"))
		}
		g.p("\tsize_t count;")
	case model.Option:
		g.p("\tbool some;")
		g.held(1, field{name: "value", t: t.elem}, t, t.boxed)
	case model.Struct:
		for _, f := range t.fields {
			g.comment(1, f.doc)
			g.held(1, f, t, false)
		}
	case model.Enum:
		g.p("\tenum %s tag;", t.tag)
		g.union(t)
	}
}

// union writes the payloads of an enum, where it has some.
func (g *generator) union(t *ctype) {
	text := g.written(func() {
		for _, v := range t.variants {
			g.held(2, field{name: v.name, t: v.t}, t, v.boxed)
		}
	})
	if text != "" {
		g.p("\tunion {\n%s\t} as;", text)
	}
}

// held writes a field of a type within t.
func (g *generator) held(tabs int, f field, t *ctype, boxed bool) {
	indent := strings.Repeat("\t", tabs)
	switch {
	case f.t.empty:
	case f.t.form == model.Tx:
		g.p("%s%s; /* %s_send */", indent, declared(f.t.c, f.name), g.itemName(f.t.elem))
	case f.t.form == model.Rx:
		g.p("%s%s; /* %s_recv */", indent, declared(f.t.c, f.name), g.itemName(f.t.elem))
	case boxed:
		g.p("%s%s;", indent, t.pointer(f.t.c, f.t, f.name))
	default:
		g.p("%s%s;", indent, declared(f.t.c, f.name))
	}
}

// pointer declares a field of t that points to a c, which holds what: nothing that C users
// should write to, but for channels, whose ends callers are given there.
func (t *ctype) pointer(c string, what *ctype, name string) string {
	switch {
	case t.caller && what.channel:
		return declared(c, "*"+name)
	case strings.HasSuffix(c, "*"):
		return c + "const *" + name
	}
	return "const " + c + " *" + name
}

// entry are the fields of a map's entries.
func (t *ctype) entry() []field {
	var fields []field
	for _, f := range []field{{name: "key", t: t.mapKey}, {name: "value", t: t.elem}} {
		if !f.t.empty {
			fields = append(fields, f)
		}
	}
	return fields
}

// declarations writes all types.
func (g *generator) declarations() {
	for _, t := range g.order {
		if t.form == model.Map && len(t.entry()) > 0 {
			g.p("struct %s_entry {", t.full())
			for _, f := range t.entry() {
				g.held(1, f, t, false)
			}
			g.p("};\n")
		}
		g.declaration(t)
	}
}
