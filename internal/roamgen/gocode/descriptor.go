package gocode

import (
	"fmt"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
	"github.com/roam-rpc/roam-go/schema"
)

// descriptor writes the service's descriptor and those of its methods.
func (g *generator) descriptor(s *model.Service, methods map[*model.Method]methodNames) {
	g.p("// %s describes %s, for tools and for NewMux.", s.Descriptor(), s.GoName)
	g.p("var %s = &%s.Service{", s.Descriptor(), g.roam())
	g.p("Name: %q,", s.Name)
	g.text("Doc", s.Doc)
	g.p("Methods: []*%s.Method{", g.roam())
	for _, m := range s.Methods {
		g.p("%s,", methods[m].descriptor)
	}
	g.p("},\n}\n")
	g.p("var (")
	for _, m := range s.Methods {
		g.p("%s = &%s.Method{", methods[m].descriptor, g.roam())
		g.p("ID: %s, Service: %q, Name: %q,", s.MethodID(m), s.Name, m.Name)
		g.text("Doc", m.Doc)
		if len(m.Args) > 0 {
			g.p("Args: %s,", g.fields(m.WireArgs()))
		}
		g.p("Result: %s,", g.schemaOf(m.WireResult()))
		if m.Inline {
			g.p("Inline: true,")
		}
		if m.Borrow {
			g.p("Borrow: true,")
		}
		if m.Idempotent {
			g.p("Idempotent: true,")
		}
		if m.Error != nil {
			code := g.errorOf(m.Error)
			g.p("Error: %s,", g.schemaOf(m.Error.Type.Wire))
			g.p("EncodeError: %s,", code.encode)
			g.p("DecodeError: %s,", code.decode)
		}
		g.p("}")
	}
	g.p(")\n")
}

// text writes a field of a literal that holds a text, unless it is empty.
func (g *generator) text(field, text string) {
	if text != "" {
		g.p("%s: %q,", field, text)
	}
}

// schemaOf is the expression of a wire type: a variable for one that has a name.
func (g *generator) schemaOf(t *schema.Type) string {
	if t.Name == "" {
		return "&" + g.schemaLiteral(t)
	}
	if name, ok := g.described[t]; ok {
		return name
	}
	name := g.ident("schema" + lettersOf(t.Name))
	g.described[t] = name
	g.schemas = append(g.schemas, t)
	return name
}

// kindNames are the constants of package schema.
var kindNames = map[schema.Kind]string{
	schema.Bool: "Bool", schema.U8: "U8", schema.U16: "U16", schema.U32: "U32", schema.U64: "U64", schema.U128: "U128",
	schema.I8: "I8", schema.I16: "I16", schema.I32: "I32", schema.I64: "I64", schema.I128: "I128",
	schema.F32: "F32", schema.F64: "F64", schema.Char: "Char", schema.String: "String", schema.Unit: "Unit",
	schema.Bytes: "Bytes", schema.List: "List", schema.Option: "Option", schema.Array: "Array", schema.Map: "Map",
	schema.Set: "Set", schema.Tuple: "Tuple", schema.Tx: "Tx", schema.Rx: "Rx", schema.Struct: "Struct", schema.Enum: "Enum",
}

func (g *generator) schemaLiteral(t *schema.Type) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.Type{Kind: %s.%s", g.schema(), g.schema(), kindNames[t.Kind])
	if t.Name != "" {
		fmt.Fprintf(&b, ", Name: %q", t.Name)
	}
	if t.Doc != "" {
		fmt.Fprintf(&b, ", Doc: %q", t.Doc)
	}
	if t.Key != nil {
		fmt.Fprintf(&b, ", Key: %s", g.schemaOf(t.Key))
	}
	if t.Elem != nil {
		fmt.Fprintf(&b, ", Elem: %s", g.schemaOf(t.Elem))
	}
	if t.Kind == schema.Array {
		fmt.Fprintf(&b, ", Len: %d", t.Len)
	}
	if len(t.Fields) > 0 {
		fmt.Fprintf(&b, ", Fields: %s", g.fields(t.Fields))
	}
	if len(t.Variants) > 0 {
		fmt.Fprintf(&b, ", Variants: []%s.Variant{\n", g.schema())
		for _, v := range t.Variants {
			fmt.Fprintf(&b, "{Name: %q", v.Name)
			if v.Doc != "" {
				fmt.Fprintf(&b, ", Doc: %q", v.Doc)
			}
			if v.Value != nil {
				fmt.Fprintf(&b, ", Value: %s", g.schemaOf(v.Value))
			}
			if len(v.Fields) > 0 {
				fmt.Fprintf(&b, ", Fields: %s", g.fields(v.Fields))
			}
			b.WriteString("},\n")
		}
		b.WriteString("}")
	}
	b.WriteString("}")
	return b.String()
}

func (g *generator) fields(fields []schema.Field) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[]%s.Field{\n", g.schema())
	for _, f := range fields {
		b.WriteString("{")
		if f.Name != "" {
			fmt.Fprintf(&b, "Name: %q, ", f.Name)
		}
		if f.Doc != "" {
			fmt.Fprintf(&b, "Doc: %q, ", f.Doc)
		}
		fmt.Fprintf(&b, "Type: %s},\n", g.schemaOf(f.Type))
	}
	b.WriteString("}")
	return b.String()
}

// schemaVariables writes the descriptors of named types, and of those in them.
func (g *generator) schemaVariables() {
	for i := 0; i < len(g.schemas); i++ {
		t := g.schemas[i]
		literal := g.schemaLiteral(t)
		g.p("var %s = &%s\n", g.described[t], literal)
	}
}
