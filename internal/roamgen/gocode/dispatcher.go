package gocode

import (
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
	"github.com/roam-rpc/roam-go/internal/roamgen/names"
)

// dispatcher writes the dispatcher, and for each method what runs it.
func (g *generator) dispatcher(s *model.Service, methods map[*model.Method]methodNames) {
	name := g.ident(names.Unexported(s.GoName) + "Dispatcher")
	g.p("// %s returns a dispatcher that serves impl, whose methods may run for", s.NewDispatcher())
	g.p("// any number of calls at once.")
	g.function(nil, func() {
		g.p("func %s($impl %s, $options ...%s.DispatcherOption) %s.ServiceDispatcher {", s.NewDispatcher(), s.GoName, g.roam(), g.roam())
		g.p("return %s.NewDispatcher(%s, %s{$impl}, $options)", g.roam(), s.Descriptor(), name)
		g.p("}\n")
	})
	g.p("type %s struct{ impl %s }\n", name, s.GoName)
	g.p("// Prepare decodes the arguments of a request; see %s.Dispatcher.", g.roam())
	g.function(nil, func() {
		g.p("func ($s %s) Prepare($in *%s.Incoming) (%s.Invocation, error) {", name, g.roam(), g.roam())
		g.p("switch $in.Method {")
		for _, m := range s.Methods {
			g.p("case %s:\nreturn %s($s.impl, $in)", s.MethodID(m), methods[m].prepare)
		}
		g.p("}")
		g.p("return nil, %s.ErrUnknownMethod", g.roam())
		g.p("}\n")
	})
	for _, m := range s.Methods {
		fields := unlike(map[string]bool{"impl": true, "Drop": true, "Method": true, "Invoke": true}, argumentNames(m))
		g.request(s, m, methods[m], fields)
		g.function(nil, func() { g.prepare(s, m, methods[m], fields) })
		g.function(nil, func() { g.invoke(m, methods[m], fields) })
	}
}

// request writes the type that a request is prepared into; fields are those of the
// arguments.
func (g *generator) request(s *model.Service, m *model.Method, name methodNames, fields []string) {
	g.p("// %s is a request to %s, ready to run.", name.request, m.GoName)
	g.p("type %s struct {", name.request)
	g.p("impl %s", s.GoName)
	for i, a := range m.Args {
		g.p("%s %s", fields[i], g.typeText(a.Type.Go))
	}
	g.p("}\n")
	g.p("var %s = %s.Pool{New: func() any { return new(%s) }}\n", name.pool, g.std("sync"), name.request)
}

// prepare writes what decodes the arguments of a request.
func (g *generator) prepare(s *model.Service, m *model.Method, name methodNames, fields []string) {
	g.p("func %s($impl %s, $in *%s.Incoming) (%s.Invocation, error) {", name.prepare, s.GoName, g.roam(), g.roam())
	g.p("$a, $ok := $in.Used().(*%s)", name.request)
	g.p("if $ok {\n$in.TakeUsed()\n} else {\n$a = %s.Get().(*%s)\n}", name.pool, name.request)
	g.p("$a.impl = $impl")
	decode := g.body(func() {
		for i, arg := range m.Args {
			g.p("$a.%s = %s", fields[i], g.decode(arg.Type))
		}
	})
	if uses(decode, "d") {
		g.p("$d := &$in.Args")
	}
	g.out.WriteString(decode)
	g.p("if $err := $in.Args.Finish(); $err != nil {\n$a.Drop()\nreturn nil, $err\n}")
	g.p("return $a, nil\n}\n")
}

// invoke writes the methods of a request, which run and end it.
func (g *generator) invoke(m *model.Method, name methodNames, fields []string) {
	g.p("// Drop implements %s.Reusable.", g.roam())
	g.p("func ($a *%s) Drop() {\n*$a = %s{}\n%s.Put($a)\n}\n", name.request, name.request, name.pool)
	g.p("// Method implements %s.Invocation.", g.roam())
	g.p("func (*%s) Method() *%s.Method { return %s }\n", name.request, g.roam(), name.descriptor)
	g.p("// Invoke implements %s.Invocation.", g.roam())
	g.p("func ($a *%s) Invoke($ctx %s.Context, $reply *%s.Reply) {", name.request, g.std("context"), g.roam())
	args := []string{"$ctx"}
	for _, field := range fields {
		args = append(args, "$a."+field)
	}
	var results []string
	encode := g.body(func() {
		for i, r := range m.Results {
			g.encode(r.Type, "$"+resultNames(m)[i])
		}
	})
	for _, result := range resultNames(m) {
		results = append(results, blankUnless(encode, result))
	}
	results = append(results, "$err")
	g.p("%s := $a.impl.%s(%s)", strings.Join(results, ", "), m.GoName, strings.Join(args, ", "))
	for i, a := range m.Args {
		g.p("$a.%s = %s", fields[i], g.zero(a.Type.Go))
	}
	g.p("if $err != nil {\n$reply.Fail(%s, $err)\nreturn\n}", name.descriptor)
	if uses(encode, "e") {
		encode = "$e := $reply.Succeed()\n" + encode
	} else {
		encode = "$reply.Succeed()\n" + encode
	}
	g.out.WriteString(encode)
	g.p("}\n")
}
