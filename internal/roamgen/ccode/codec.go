package ccode

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// Functions that write or read a value with channels need the call or the request: those of
// the caller's form take a struct passing, those of the handler's also the request.

// parameters are those of a type's write and read, the value last.
func (t *ctype) writeParameters() []string {
	first := "struct roam_writer *writer"
	if t.channel {
		first = "struct passing *passing"
	}
	if t.byValue() {
		return []string{first, declared(t.c, "value")}
	}
	return []string{first, "const " + t.c + " *value"}
}

func (t *ctype) readParameters() []string {
	reader := "struct roam_reader *reader"
	switch {
	case t.form == model.UnitEnum:
		return []string{reader}
	case t.channel:
		return []string{"struct roam_request *request", reader, t.c + " *value"}
	}
	return []string{reader, t.c + " *value"}
}

// readResult is what a type's read returns.
func (t *ctype) readResult() string {
	if t.form == model.UnitEnum {
		return t.c
	}
	return "void"
}

// functions writes what writes and what reads each type.
func (g *generator) functions() {
	for _, t := range g.order {
		if !t.channel || t.caller {
			g.function(t, "void", "write", t.writeParameters(), func() { g.writeBody(t) })
		}
		if !t.caller {
			g.function(t, t.readResult(), "read", t.readParameters(), func() { g.readBody(t) })
		} else {
			g.function(t, "void", "pass", []string{"struct passing *passing", t.c + " *value"}, func() { g.passBody(t) })
		}
	}
}

// function writes one of a type's functions, which is for users where the type has a name
// that they know.
func (g *generator) function(t *ctype, result, name string, parameters []string, write func()) {
	head := declared(result, fmt.Sprintf("%s_%s(", t.full(), name))
	if !t.public() {
		head = "static " + head
	}
	g.spread(head, parameters, ")")
	body := g.written(write)
	g.p("{")
	if strings.Contains(body, "(writer,") && t.channel {
		g.p("\tstruct roam_writer *writer = roam_call_arguments(passing->call);\n")
	}
	g.out.WriteString(body)
	for _, p := range parameters {
		p = p[strings.LastIndexAny(p, " *")+1:]
		if !regexp.MustCompile(`\b` + p + `\b`).MatchString(strings.ReplaceAll(body, "->"+p, "")) {
			g.p("\t(void)%s;", p)
		}
	}
	g.p("}\n")
}

// public says that its functions are for users.
func (t *ctype) public() bool { return t.named && !t.channel }

// ref is the address of an expression.
func ref(expr string) string {
	if rest, ok := strings.CutPrefix(expr, "*"); ok {
		return rest
	}
	return "&" + expr
}

// write writes the statement that writes expr, none for what has no bytes.
func (g *generator) write(indent string, t *ctype, expr string) {
	switch {
	case t.empty:
	case t.form == model.Leaf:
		g.p("%sroam_write_%s(writer, %s);", indent, t.codec, expr)
	case t.form == model.Tx || t.form == model.Rx:
		g.p("%s%s(passing);", indent, g.helper("write_end"))
	case t.form == model.UnitEnum:
		g.p("%s%s_write(writer, %s);", indent, t.full(), expr)
	case t.channel:
		g.p("%s%s_write(passing, %s);", indent, t.full(), ref(expr))
	default:
		g.p("%s%s_write(writer, %s);", indent, t.full(), ref(expr))
	}
}

// read writes the statement that reads a value into what expr names.
func (g *generator) read(indent string, t *ctype, expr string) {
	switch {
	case t.empty:
	case t.form == model.Leaf:
		g.p("%s%s = roam_read_%s(reader);", indent, expr, t.codec)
	case t.form == model.Tx:
		g.p("%s%s = %s(request, reader);", indent, expr, g.helper("read_tx"))
	case t.form == model.Rx:
		g.p("%s%s = %s(request, reader);", indent, expr, g.helper("read_rx"))
	case t.form == model.UnitEnum:
		g.p("%s%s = %s_read(reader);", indent, expr, t.full())
	case t.channel:
		g.p("%s%s_read(request, reader, %s);", indent, t.full(), ref(expr))
	default:
		g.p("%s%s_read(reader, %s);", indent, t.full(), ref(expr))
	}
}

// loop writes statements for each of so many items, none when there are no statements.
func (g *generator) loop(head string, write func(indent string)) {
	body := g.written(func() { write("\t\t") })
	switch strings.Count(body, "\n") {
	case 0:
	case 1:
		g.p("\tfor (size_t i = 0; %s; i++)\n%s", head, strings.TrimSuffix(body, "\n"))
	default:
		g.p("\tfor (size_t i = 0; %s; i++) {\n%s\t}", head, body)
	}
}

func (g *generator) writeBody(t *ctype) {
	switch t.form {
	case model.Array:
		if t.elem.codec == "u8" {
			g.p("\troam_write_raw(writer, value->items, %d);", t.count)
			return
		}
		g.loop(fmt.Sprintf("i < %d", t.count), func(in string) { g.write(in, t.elem, "value->items[i]") })
	case model.List, model.Map:
		g.p("\troam_write_count(writer, value->count);")
		g.loop("i < value->count", func(in string) {
			g.eachPart(t, "value->items[i]", func(part *ctype, expr string) { g.write(in, part, expr) })
		})
	case model.Option:
		g.p("\troam_write_option(writer, value->some);")
		g.whenHeld("value->some", t.elem, "value->value", t.boxed, g.write)
	case model.Struct:
		for _, f := range t.fields {
			g.write("\t", f.t, "value->"+f.name)
		}
	case model.UnitEnum:
		g.p("\tif ((uint32_t)value >= %d)\n\t\troam_writer_fail(writer);", len(t.variants))
		g.p("\troam_write_variant(writer, (uint32_t)value);")
	case model.Enum:
		g.p("\tswitch (value->tag) {")
		for _, v := range t.variants {
			g.p("\tcase %s:\n\t\troam_write_variant(writer, %s);", v.constant, v.constant)
			g.writeVariant(v)
			g.p("\t\tbreak;")
		}
		g.p("\tdefault:\n\t\troam_writer_fail(writer);\n\t}")
	}
}

func (g *generator) writeVariant(v variant) {
	expr := "value->as." + v.name
	if !v.boxed {
		g.write("\t\t", v.t, expr)
		return
	}
	g.p("\t\tif (%s == NULL)\n\t\t\troam_writer_fail(writer);\n\t\telse", expr)
	g.write("\t\t\t", v.t, "*"+expr)
}

// whenHeld writes what do writes for a value that is there when condition holds.
func (g *generator) whenHeld(condition string, t *ctype, expr string, boxed bool, do func(indent string, t *ctype, expr string)) {
	switch {
	case t.empty:
	case boxed:
		g.p("\tif (%s && %s == NULL)\n\t\troam_writer_fail(writer);\n\telse if (%s)", condition, expr, condition)
		do("\t\t", t, "*"+expr)
	default:
		g.p("\tif (%s)", condition)
		do("\t\t", t, expr)
	}
}

// eachPart calls do for what an item of a list or map holds.
func (g *generator) eachPart(t *ctype, item string, do func(part *ctype, expr string)) {
	if t.form == model.List {
		do(t.elem, item)
		return
	}
	for _, f := range t.entry() {
		do(f.t, item+"."+f.name)
	}
}

func (g *generator) readBody(t *ctype) {
	switch t.form {
	case model.Array:
		if t.elem.codec == "u8" {
			g.p("\tconst uint8_t *bytes = roam_read_raw(reader, %d);\n", t.count)
			g.p("\tif (bytes != NULL)\n\t\tmemcpy(value->items, bytes, %d);", t.count)
			return
		}
		g.loop(fmt.Sprintf("i < %d", t.count), func(in string) { g.read(in, t.elem, "value->items[i]") })
	case model.List:
		g.readItems(t, t.elem.c, t.elem.minSize, t.elem.empty)
	case model.Map:
		g.readItems(t, "struct "+t.full()+"_entry", t.mapKey.minSize+t.elem.minSize, len(t.entry()) == 0)
	case model.Option:
		g.p("\tvalue->some = roam_read_option(reader);")
		if t.boxed {
			g.p("\tif (value->some) {")
			g.readBoxed("\t\t", t.elem, "value->value")
			g.p("\t}")
		} else if !t.elem.empty {
			g.p("\tif (value->some)")
			g.read("\t\t", t.elem, "value->value")
		}
	case model.Struct:
		for _, f := range t.fields {
			g.read("\t", f.t, "value->"+f.name)
		}
	case model.UnitEnum:
		g.p("\treturn (%s)roam_read_variant(reader, %d);", t.c, len(t.variants))
	case model.Enum:
		g.p("\tvalue->tag = (enum %s)roam_read_variant(reader, %d);", t.tag, len(t.variants))
		g.eachVariant(t.variants, func(v variant) {
			if v.boxed {
				g.readBoxed("\t\t", v.t, "value->as."+v.name)
			} else {
				g.read("\t\t", v.t, "value->as."+v.name)
			}
		})
	}
}

// eachVariant writes a switch over the variants for which do writes something.
func (g *generator) eachVariant(variants []variant, do func(v variant)) {
	cases := g.written(func() {
		for _, v := range variants {
			body := g.written(func() { do(v) })
			switch {
			case body == "":
			case strings.Contains(body, ";\n\n"): // it declares a variable
				g.p("\tcase %s: {\n%s\t\tbreak;\n\t}", v.constant, body)
			default:
				g.p("\tcase %s:\n%s\t\tbreak;", v.constant, body)
			}
		}
	})
	if cases != "" {
		g.p("\tswitch (value->tag) {\n%s\tdefault:\n\t\tbreak;\n\t}", cases)
	}
}

// readItems writes what reads a list or map, whose items are of the type c.
func (g *generator) readItems(t *ctype, c string, minSize int, empty bool) {
	if empty {
		g.p("\tvalue->count = roam_read_count(reader, %d);", minSize)
		return
	}
	g.p("\tsize_t count = roam_read_count(reader, %d);", minSize)
	g.p("\t%s = roam_reader_alloc(reader, count, sizeof(*items));\n", declared(c, "*items"))
	g.loop("items != NULL && i < count", func(in string) {
		g.eachPart(t, "items[i]", func(part *ctype, expr string) { g.read(in, part, expr) })
	})
	g.p("\tvalue->items = items;\n\tvalue->count = items != NULL ? count : 0;")
}

// readBoxed writes what reads a value that is pointed to.
func (g *generator) readBoxed(indent string, t *ctype, expr string) {
	g.p("%s%s = roam_reader_alloc(reader, 1, sizeof(*held));\n", indent, declared(t.c, "*held"))
	g.p("%sif (held != NULL)", indent)
	g.read(indent+"\t", t, "*held")
	g.p("%s%s = held;", indent, expr)
}
