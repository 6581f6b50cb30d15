package gocode

import (
	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// errorCode is a declared error with the functions that encode and decode it.
type errorCode struct {
	*model.Error
	encode, decode string
}

// errorOf gives the functions of a declared error, which are written once for each.
func (g *generator) errorOf(e *model.Error) *errorCode {
	for _, known := range g.known {
		if known.Type == e.Type {
			return known
		}
	}
	name := g.need(e.Type)
	code := &errorCode{e, g.ident("encode" + name + "As"), g.ident("decode" + name + "As")}
	g.known = append(g.known, code)
	g.errors = append(g.errors, code)
	return code
}

func (g *generator) errorFunctions(e *errorCode) {
	g.function(nil, func() { g.encodeError(e) })
	g.function(nil, func() {
		g.p("func %s($d *%s.Decoder) error {", e.decode, g.wire())
		if e.Pointer {
			g.p("$declared := %s\nreturn &$declared\n}\n", g.decode(e.Type))
			return
		}
		g.p("return %s\n}\n", g.decode(e.Type))
	})
}

func (g *generator) encodeError(e *errorCode) {
	goType, as := g.typeText(e.Type.Go), g.std("errors")
	g.p("// %s appends err if it is, or wraps, the declared error.", e.encode)
	g.p("func %s($e *%s.Encoder, $err error) bool {", e.encode, g.wire())
	switch {
	case e.Pointer:
		g.p("var $declared *%s", goType)
		g.p("if !%s.As($err, &$declared) || $declared == nil {\nreturn false\n}", as)
		g.encode(e.Type, "*$declared")
	case e.Value:
		g.p("var $declared %s\nvar $pointer *%s", goType, goType)
		g.p("switch {")
		g.p("case %s.As($err, &$declared):", as)
		g.p("case %s.As($err, &$pointer) && $pointer != nil:\n$declared = *$pointer", as)
		g.p("default:\nreturn false\n}")
		g.encode(e.Type, "$declared")
	default:
		g.p("var $declared %s", goType)
		g.p("if !%s.As($err, &$declared) {\nreturn false\n}", as)
		g.encode(e.Type, "$declared")
	}
	g.p("return true\n}\n")
}
