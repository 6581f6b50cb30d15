package gocode

import (
	"fmt"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// client writes the client's type and its methods.
func (g *generator) client(s *model.Service, methods map[*model.Method]methodNames) {
	name := s.Client()
	g.p("// %s calls a %s on the other side of a connection. It is a %s itself. Any", name, s.GoName, s.GoName)
	g.p("// number of goroutines may use it at once; every method blocks until it is answered")
	g.p("// or its context ends.")
	g.p("type %s struct{ caller %s.Caller }\n", name, g.roam())
	g.p("var _ %s = (*%s)(nil)\n", s.GoName, name)
	g.p("// %s returns a client that calls through caller.", s.NewClient())
	g.function(nil, func() {
		g.p("func %s($caller %s.Caller, $options ...%s.ClientOption) *%s {", s.NewClient(), g.roam(), g.roam(), name)
		g.p("return &%s{%s.NewClient($caller, $options)}", name, g.roam())
		g.p("}\n")
	})
	for _, m := range s.Methods {
		g.function(argumentNames(m), func() { g.clientMethod(s, m, methods[m].descriptor) })
	}
}

func (g *generator) clientMethod(s *model.Service, m *model.Method, descriptor string) {
	g.methodDoc(s, m)
	g.p("func ($c *%s) %s(%s) %s {", s.Client(), m.GoName, g.paramList(m), g.resultList(m))
	failed := g.zeros(m)
	g.p("$call := %s.NewCall(%s)", g.roam(), descriptor)
	g.p("defer $call.Release()")
	for i, a := range m.Args {
		if a.Type.HasChannel {
			g.p("if $err := %s; $err != nil {", g.pass(a.Type, parameter(i)))
			g.p("return %s%s.Errorf(\"%%s: %s: %%w\", $call.Method, $err)", failed, g.std("fmt"), a.Name)
			g.p("}")
		}
	}
	encode := g.body(func() {
		for i, a := range m.Args {
			g.encode(a.Type, parameter(i))
		}
	})
	if uses(encode, "e") {
		encode = "$e := &$call.Args\n" + encode
	}
	if m.HasChannels() {
		g.p("$call.EncodeWith(func($call *%s.Call) {\n%s})", g.roam(), encode)
	} else {
		g.out.WriteString(encode)
	}
	g.p("if $err := $c.caller.Do($ctx, $call); $err != nil {")
	g.p("return %s$err", failed)
	g.p("}")
	if len(m.Results) == 0 {
		g.p("return $call.Finish()\n}\n")
		return
	}
	decode := g.body(func() {
		for i, name := range resultNames(m) {
			g.p("$%s := %s", name, g.decode(m.Results[i].Type))
		}
	})
	if uses(decode, "d") {
		g.p("$d := &$call.Result")
	}
	g.out.WriteString(decode)
	g.p("if $err := $call.Finish(); $err != nil {")
	g.p("return %s$err", failed)
	g.p("}")
	g.p("return $%s, nil\n}\n", strings.Join(resultNames(m), ", $"))
}

// methodDoc writes the method's own comment, or says what it calls.
func (g *generator) methodDoc(s *model.Service, m *model.Method) {
	if m.Doc == "" {
		g.p("// %s calls %s.%s.", m.GoName, s.GoName, m.GoName)
		return
	}
	g.doc(m.Doc)
}

func (g *generator) paramList(m *model.Method) string {
	texts := []string{"$ctx " + g.std("context") + ".Context"}
	for i, a := range m.Args {
		texts = append(texts, parameter(i)+" "+g.typeText(a.Type.Go))
	}
	return strings.Join(texts, ", ")
}

func (g *generator) resultList(m *model.Method) string {
	if len(m.Results) == 0 {
		return "error"
	}
	var texts []string
	for _, r := range m.Results {
		texts = append(texts, g.typeText(r.Type.Go))
	}
	return "(" + strings.Join(append(texts, "error"), ", ") + ")"
}

// resultNames are the variables of a method's results.
func resultNames(m *model.Method) []string {
	if len(m.Results) == 1 {
		return []string{"result"}
	}
	texts := make([]string, len(m.Results))
	for i := range texts {
		texts[i] = fmt.Sprintf("result%d", i+1)
	}
	return texts
}

// zeros are the results of a call that failed, each with a comma behind it.
func (g *generator) zeros(m *model.Method) string {
	var text strings.Builder
	for _, r := range m.Results {
		text.WriteString(g.zero(r.Type.Go) + ", ")
	}
	return text.String()
}
