package gocode

import (
	"go/types"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
	"github.com/roam-rpc/roam-go/internal/roamgen/names"
)

func upperFirst(s string) string { return names.Exported(s) }

// types writes the functions of every type that is needed, and of those that these need.
func (g *generator) types() {
	for len(g.queue)+len(g.codecs)+len(g.errors) > 0 {
		switch {
		case len(g.errors) > 0:
			e := g.errors[0]
			g.errors = g.errors[1:]
			g.errorFunctions(e)
		case len(g.codecs) > 0:
			t := g.codecs[0]
			g.codecs = g.codecs[1:]
			g.codecVariable(t)
		default:
			t := g.queue[0]
			g.queue = g.queue[1:]
			g.functions(t)
		}
	}
	g.schemaVariables()
}

// functions writes encode, decode and, where it has channels, pass of a type.
func (g *generator) functions(t *model.Type) {
	name := g.names[t]
	goType := g.typeText(t.Go)
	encode := g.body(func() { g.encodeBody(t) })
	decode := g.body(func() { g.decodeBody(t) })
	if t.HasChannel {
		g.function(nil, func() {
			g.p("func pass%s($call *%s.Call, $v %s) error {\n%s}\n", name, g.roam(), goType, g.body(func() { g.passBody(t) }))
		})
		if uses(encode, "e") {
			encode = "$e := &$call.Args\n" + encode
		}
		g.function(nil, func() { g.p("func encode%s($call *%s.Call, $v %s) {\n%s}\n", name, g.roam(), goType, encode) })
		if uses(decode, "d") {
			decode = "$d := &$in.Args\n" + decode
		}
		g.function(nil, func() { g.p("func decode%s($in *%s.Incoming) ($v %s) {\n%s}\n", name, g.roam(), goType, decode) })
		return
	}
	g.function(nil, func() {
		g.p("func encode%s(%s *%s.Encoder, %s %s) {\n%s}\n", name, blankUnless(encode, "e"), g.wire(), blankUnless(encode, "v"), goType, encode)
	})
	g.function(nil, func() {
		g.p("func decode%s(%s *%s.Decoder) ($v %s) {\n%s}\n", name, blankUnless(decode, "d"), g.wire(), goType, decode)
	})
	if t.Form == model.UnitEnum {
		g.function(nil, func() { g.indexFunction(t) })
	}
}

func (g *generator) encodeBody(t *model.Type) {
	switch t.Form {
	case model.ByteArray:
		g.p("$e.Raw($v[:])")
	case model.List:
		g.p("$e.Len(len($v))")
		g.encodeItems(t)
	case model.Array:
		g.encodeItems(t)
	case model.Map:
		g.p("$e.Len(len($v))")
		entry := g.body(func() {
			g.encode(t.Key, "$key")
			g.encode(t.Elem, "$v[$key]")
		})
		switch {
		case entry == "":
		case uses(entry, "key"):
			g.p("for _, $key := range %s {\n%s}", g.sortedKeys(t.Key), entry)
		default: // what stands for a channel comes from the call
			g.p("for range $v {\n%s}", entry)
		}
	case model.Set:
		g.p("$e.Len(len($v))")
		if t.Elem.MinSize > 0 {
			g.p("for _, $key := range %s {", g.sortedKeys(t.Elem))
			g.encode(t.Elem, "$key")
			g.p("}")
		}
	case model.Option:
		g.p("if $e.Option($v != nil); $v != nil {")
		g.encode(t.Elem, "*$v")
		g.p("}")
	case model.Struct:
		for _, f := range t.Fields {
			g.encode(f.Type, "$v."+f.GoName)
		}
	case model.UnitEnum:
		g.p("$i := index%s($v)", g.names[t])
		g.p("if $i < 0 {\n$e.FailConstant(%q, $v)\nreturn\n}", t.Wire.Name)
		g.p("$e.Variant(uint32($i))")
	case model.Enum:
		g.variants(t, func(i int, v *model.Type, value string) {
			g.p("$e.Variant(%d)", i)
			g.encode(v, value)
		}, func() {
			g.p("$e.FailVariant(%q, $v)", t.Wire.Name)
		}, func() {
			g.p("$e.FailNil(%q, $v)\nreturn", t.Wire.Name)
		})
	}
}

// encodeItems writes the loop over a slice or array. Items without bytes need none.
func (g *generator) encodeItems(t *model.Type) {
	if t.Elem.MinSize == 0 {
		return
	}
	item := g.body(func() { g.encode(t.Elem, "$v[$i]") })
	if uses(item, "i") {
		g.p("for $i := range $v {\n%s}", item)
	} else { // a channel's id comes from the call
		g.p("for range $v {\n%s}", item)
	}
}

// variants writes the switch over what an enum holds, by value and by pointer.
func (g *generator) variants(t *model.Type, one func(i int, v *model.Type, value string), none, null func()) {
	g.p("switch $v := $v.(type) {")
	for i, variant := range t.Variants {
		name := g.typeText(variant.Type.Go)
		if !variant.Pointer {
			g.p("case %s:", name)
			one(i, variant.Type, "$v")
		}
		g.p("case *%s:", name)
		g.p("if $v == nil {")
		null()
		g.p("}")
		one(i, variant.Type, "*$v")
	}
	g.p("default:")
	none()
	g.p("}")
}

func (g *generator) decodeBody(t *model.Type) {
	switch t.Form {
	case model.ByteArray:
		g.p("$d.Raw($v[:])\nreturn $v")
	case model.List:
		g.p("$v = make(%s, $d.Len(%d))", g.typeText(t.Go), t.Elem.MinSize)
		g.decodeItems(t)
	case model.Array:
		g.decodeItems(t)
	case model.Map:
		g.p("$n := $d.Len(%d)", t.Key.MinSize+t.Elem.MinSize)
		g.p("$v = make(%s, $n)", g.typeText(t.Go))
		g.p("for range $n {")
		g.p("$key := %s", g.decode(t.Key))
		g.p("$v[$key] = %s", g.decode(t.Elem))
		g.p("}\nreturn $v")
	case model.Set:
		g.p("$n := $d.Len(%d)", t.Elem.MinSize)
		g.p("$v = make(%s, $n)", g.typeText(t.Go))
		g.p("for range $n {\n$v[%s] = struct{}{}\n}\nreturn $v", g.decode(t.Elem))
	case model.Option:
		g.p("if !$d.Option() {\nreturn nil\n}")
		g.p("$some := %s\nreturn &$some", g.decode(t.Elem))
	case model.Struct:
		for _, f := range t.Fields {
			g.p("$v.%s = %s", f.GoName, g.decode(f.Type))
		}
		g.p("return $v")
	case model.UnitEnum:
		g.p("switch $i := $d.Variant(); $i {")
		for i, c := range t.Constants {
			g.p("case %d:\nreturn %s", i, g.constant(c))
		}
		g.p("default:\n$d.FailVariant(%q, $i)\nreturn $v\n}", t.Wire.Name)
	case model.Enum:
		g.p("switch $i := $d.Variant(); $i {")
		for i, variant := range t.Variants {
			g.p("case %d:", i)
			if variant.Pointer {
				g.p("$held := %s\nreturn &$held", g.decode(variant.Type))
			} else {
				g.p("return %s", g.decode(variant.Type))
			}
		}
		g.p("default:\n$d.FailVariant(%q, $i)\nreturn nil\n}", t.Wire.Name)
	}
}

func (g *generator) decodeItems(t *model.Type) {
	if t.Elem.MinSize > 0 {
		g.p("for $i := range $v {\n$v[$i] = %s\n}", g.decode(t.Elem))
	}
	g.p("return $v")
}

// passBody writes how the channels within a value are passed, in the order in which
// they are encoded.
func (g *generator) passBody(t *model.Type) {
	each := func(elem *model.Type, v string) {
		g.p("if $err := %s; $err != nil {\nreturn $err\n}", g.pass(elem, v))
	}
	switch t.Form {
	case model.List, model.Array:
		g.p("for $i := range $v {")
		each(t.Elem, "$v[$i]")
		g.p("}")
	case model.Map:
		g.p("for _, $key := range %s {", g.sortedKeys(t.Key))
		each(t.Elem, "$v[$key]")
		g.p("}")
	case model.Option:
		g.p("if $v != nil {")
		each(t.Elem, "*$v")
		g.p("}")
	case model.Struct:
		for _, f := range t.Fields {
			if f.Type.HasChannel {
				g.p("if $err := %s; $err != nil {", g.pass(f.Type, "$v."+f.GoName))
				g.p("return %s.Errorf(\"field %s: %%w\", $err)\n}", g.std("fmt"), f.GoName)
			}
		}
	case model.Enum:
		g.p("switch $v := $v.(type) {")
		for _, variant := range t.Variants {
			if !variant.Type.HasChannel {
				continue
			}
			name := g.typeText(variant.Type.Go)
			if !variant.Pointer {
				g.p("case %s:\nreturn %s", name, g.pass(variant.Type, "$v"))
			}
			g.p("case *%s:\nif $v != nil {\nreturn %s\n}", name, g.pass(variant.Type, "*$v"))
		}
		g.p("}")
	}
	g.p("return nil")
}

// constant is a constant as the file writes it.
func (g *generator) constant(c model.Constant) string {
	pkg := c.Object.Pkg()
	if pkg.Path() == g.pkg.Types.Path() {
		return c.Object.Name()
	}
	return g.use(pkg.Path(), pkg.Name()) + "." + c.Object.Name()
}

// indexFunction writes what gives the index of a constant, -1 for another value.
func (g *generator) indexFunction(t *model.Type) {
	g.p("func index%s($v %s) int {\nswitch $v {", g.names[t], g.typeText(t.Go))
	for i, c := range t.Constants {
		g.p("case %s:\nreturn %d", g.constant(c), i)
	}
	g.p("}\nreturn -1\n}\n")
}

// zero is the zero value of a type.
func (g *generator) zero(t types.Type) string {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			return `""`
		case u.Info()&types.IsBoolean != 0:
			return "false"
		}
		return "0"
	case *types.Struct, *types.Array:
		return g.typeText(t) + "{}"
	}
	return "nil"
}
