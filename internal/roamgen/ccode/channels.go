package ccode

import (
	"fmt"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// item has functions written that send and receive items of a type.
func (g *generator) item(t *ctype) {
	for _, other := range g.items {
		if other.key == t.key {
			return
		}
	}
	g.items = append(g.items, t)
	for _, end := range []string{"send", "try_send", "recv", "try_recv"} {
		g.claim(g.idents, g.itemName(t)+"_"+end, "items of "+t.key)
	}
}

// itemName is what the names of an item's functions begin with.
func (g *generator) itemName(t *ctype) string { return g.prefix + "_" + t.name }

// itemFunctions calls do with the head and the parameters of each function of an item.
func (g *generator) itemFunctions(t *ctype, do func(name string, sends bool, parameters []string)) {
	for _, f := range []struct {
		name  string
		sends bool
	}{{"send", true}, {"try_send", true}, {"recv", false}, {"try_recv", false}} {
		parameters := []string{"struct roam_rx *rx"}
		if f.sends {
			parameters[0] = "struct roam_tx *tx"
		}
		switch {
		case t.empty:
		case !f.sends:
			parameters = append(parameters, declared(t.c, "*item"))
		case t.byValue():
			parameters = append(parameters, declared(t.c, "item"))
		default:
			parameters = append(parameters, "const "+t.c+" *item")
		}
		do(f.name, f.sends, parameters)
	}
}

// itemPrototypes writes what the header has of the items.
func (g *generator) itemPrototypes() {
	for _, t := range g.items {
		if t.empty {
			g.comment(0, "Items that say no more than that they came.")
		} else {
			g.comment(0, "Items of type "+t.c+".")
		}
		g.itemFunctions(t, func(name string, _ bool, parameters []string) {
			g.spread(fmt.Sprintf("int %s_%s(", g.itemName(t), name), parameters, ");")
		})
		g.p("")
	}
}

// itemBodies writes the functions of the items.
func (g *generator) itemBodies() {
	for _, t := range g.items {
		if !t.empty {
			g.spread(fmt.Sprintf("static int read_item_%s(", g.itemName(t)),
				[]string{"struct roam_rx *rx", "struct roam_bytes bytes", declared(t.c, "*item")}, ")")
			g.p("{\n\tstruct roam_reader own, *reader = &own;\n")
			g.p("\troam_reader_init(reader, bytes.data, bytes.len);")
			if !t.plain {
				g.p("\troam_reader_memory(reader, %s, rx);", g.helper("rx_memory"))
			}
			g.read("\t", t, "*item")
			g.p("\treturn %s(rx, reader);\n}\n", g.helper("finish_item"))
		}
		g.itemFunctions(t, func(name string, sends bool, parameters []string) {
			g.spread(fmt.Sprintf("int %s_%s(", g.itemName(t), name), parameters, ")")
			if sends {
				g.sendBody(t, name)
			} else {
				g.receiveBody(t, name)
			}
		})
	}
}

func (g *generator) sendBody(t *ctype, name string) {
	g.p("{\n\tstruct roam_writer *writer = roam_tx_writer(tx);\n")
	if t.byValue() {
		g.write("\t", t, "item")
	} else {
		g.write("\t", t, "*item")
	}
	g.p("\tif (writer->error != 0)\n\t\treturn writer->error;")
	if name == "send" {
		g.p("\treturn roam_tx_send_written(tx);\n}\n")
	} else {
		g.p("\treturn roam_tx_try_send(tx, writer->data, writer->len);\n}\n")
	}
}

func (g *generator) receiveBody(t *ctype, name string) {
	g.p("{\n\tstruct roam_bytes bytes;\n\tint error = roam_rx_%s(rx, &bytes);\n", name)
	if t.empty {
		g.p("\tif (error == 0 && bytes.len != 0)\n\t\treturn roam_rx_invalid(rx);\n\treturn error;\n}\n")
		return
	}
	g.p("\treturn error != 0 ? error : read_item_%s(rx, bytes, item);\n}\n", g.itemName(t))
}

// passBody writes what lists the ends in a caller's value, or hands them out, in the order in
// which they are written.
func (g *generator) passBody(t *ctype) {
	switch t.form {
	case model.Array:
		g.loop(fmt.Sprintf("i < %d", t.count), func(in string) { g.pass(in, t.elem, "value->items[i]") })
	case model.List, model.Map:
		g.loop("i < value->count", func(in string) {
			g.eachPart(t, "value->items[i]", func(part *ctype, expr string) { g.pass(in, part, expr) })
		})
	case model.Option:
		g.passHeld("\t", "value->some", t.elem, "value->value", t.boxed)
	case model.Struct:
		for _, f := range t.fields {
			g.pass("\t", f.t, "value->"+f.name)
		}
	case model.Enum:
		g.eachVariant(t.variants, func(v variant) {
			if v.t.channel {
				g.passHeld("\t\t", "", v.t, "value->as."+v.name, v.boxed)
			}
		})
	}
}

// passHeld writes the same for a value that is there when condition, unless it is empty,
// holds. One that is pointed to may be missing: what writes it refuses that.
func (g *generator) passHeld(indent, condition string, t *ctype, expr string, boxed bool) {
	held := expr
	if boxed {
		held = "*" + expr
		if condition != "" {
			condition += " && "
		}
		condition += expr + " != NULL"
	}
	if condition != "" {
		g.p("%sif (%s)", indent, condition)
		indent += "\t"
	}
	g.pass(indent, t, held)
}

func (g *generator) pass(indent string, t *ctype, expr string) {
	switch {
	case !t.channel:
	case t.form == model.Tx:
		g.p("%s%s(passing, %s);", indent, g.helper("pass_tx"), ref(expr))
	case t.form == model.Rx:
		g.p("%s%s(passing, %s);", indent, g.helper("pass_rx"), ref(expr))
	default:
		g.p("%s%s_pass(passing, %s);", indent, t.full(), ref(expr))
	}
}
