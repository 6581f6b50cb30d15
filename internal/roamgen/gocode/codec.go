package gocode

import (
	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// codec is the wire.Codec of a type.
func (g *generator) codec(t *model.Type) string {
	if t.Form == model.Leaf && !converted(t) {
		if t.Codec == "Char" {
			return g.wire() + ".CharCodec"
		}
		return g.wire() + "." + t.Codec
	}
	name, ok := g.names[t]
	if t.Form == model.Leaf && !ok { // it has no functions
		name = g.freeName(mangle(t))
		g.names[t] = name
	} else if !ok {
		name = g.need(t)
	}
	for _, made := range g.made {
		if made == t {
			return "codec" + name
		}
	}
	g.made = append(g.made, t)
	g.codecs = append(g.codecs, t)
	return "codec" + name
}

func (g *generator) codecVariable(t *model.Type) {
	name, goType := g.names[t], g.typeText(t.Go)
	if t.Form == model.Leaf {
		g.function(nil, func() {
			g.p("var codec%s = %s.Codec[%s]{", name, g.wire(), goType)
			g.p("Encode: func($e *%s.Encoder, $v %s) {\n%s},", g.wire(), goType, g.body(func() { g.encode(t, "$v") }))
			g.p("Decode: func($d *%s.Decoder) %s { return %s },", g.wire(), goType, g.decode(t))
			g.p("}\n")
		})
		return
	}
	g.p("var codec%s = %s.Codec[%s]{Encode: encode%s, Decode: decode%s}\n", name, g.wire(), goType, name, name)
}
