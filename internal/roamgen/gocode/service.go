package gocode

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
	"github.com/roam-rpc/roam-go/internal/roamgen/names"
)

// service writes all that one service needs.
func (g *generator) service(s *model.Service) {
	g.ids(s)
	vars := make(map[*model.Method]string)
	for _, m := range s.Methods {
		vars[m] = g.ident(names.Unexported(s.GoName) + m.GoName)
	}
	g.descriptor(s, vars)
	g.client(s, vars)
	g.dispatcher(s, vars)
}

// ids writes the method ids.
func (g *generator) ids(s *model.Service) {
	g.p("// Method ids of %s.", s.GoName)
	g.p("const (")
	for _, m := range s.Methods {
		g.p("%s uint64 = %#016x", s.MethodID(m), m.ID(s))
	}
	g.p(")\n")
}

// client writes the client's type and its methods.
func (g *generator) client(s *model.Service, vars map[*model.Method]string) {
	name := s.Client()
	g.p("// %s calls a %s on the other side of a connection. It is a %s itself. Any", name, s.GoName, s.GoName)
	g.p("// number of goroutines may use it at once; every method blocks until it is answered")
	g.p("// or its context ends.")
	g.p("type %s struct{ caller %s.Caller }\n", name, g.roam())
	g.p("var _ %s = (*%s)(nil)\n", s.GoName, name)
	g.p("// %s returns a client that calls through caller.", s.NewClient())
	g.p("func %s(caller %s.Caller, options ...%s.ClientOption) *%s {", s.NewClient(), g.roam(), g.roam(), name)
	g.p("return &%s{%s.NewClient(caller, options)}", name, g.roam())
	g.p("}\n")
	for _, m := range s.Methods {
		g.clientMethod(s, m, vars[m])
	}
}

// clientLocals are what a client's methods call their own variables, and requestFields
// what requests have beside their arguments. An argument of that name gets another.
var (
	clientLocals  = setOf("c", "ctx", "call", "e", "d", "err", "nil", "error", "roam", "wire", "fmt", "context")
	requestFields = setOf("impl", "release", "Method", "Invoke")
)

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool)
	for _, name := range names {
		set[name] = true
	}
	return set
}

// arguments gives names for a method's arguments, none of which is in use.
func (g *generator) arguments(m *model.Method, inUse map[string]bool) []string {
	for _, a := range slices.Concat(m.Args, m.Results) {
		g.typeText(a.Type.Go) // its package's name is in use from now on
	}
	used := make(map[string]bool)
	texts := make([]string, len(m.Args))
	for i, a := range m.Args {
		name := a.GoName
		if name == "" {
			name = a.Name
		}
		for inUse[name] || used[name] || g.taken[name] || resultName.MatchString(name) {
			name += "Arg"
		}
		used[name] = true
		texts[i] = name
	}
	return texts
}

// resultName matches what resultNames gives.
var resultName = regexp.MustCompile(`^result[0-9]*$`)

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

func (g *generator) clientMethod(s *model.Service, m *model.Method, method string) {
	params := g.arguments(m, clientLocals)
	g.methodDoc(s, m)
	g.p("func (c *%s) %s(%s) %s {", s.Client(), m.GoName, g.paramList(m, params), g.resultList(m))
	failed := g.zeros(m)
	g.p("call := %s.NewCall(%s)", g.roam(), method)
	g.p("defer call.Release()")
	for i, a := range m.Args {
		if a.Type.HasChannel {
			g.p("if err := %s; err != nil {", g.pass(a.Type, params[i]))
			g.p("return %s%s.Errorf(\"%%s: %s: %%w\", call.Method, err)", failed, g.std("fmt"), a.Name)
			g.p("}")
		}
	}
	encode := g.body(func() {
		for i, a := range m.Args {
			g.encode(a.Type, params[i])
		}
	})
	if uses(encode, "e") {
		encode = "e := &call.Args\n" + encode
	}
	if m.HasChannels() {
		g.p("call.EncodeWith(func(call *%s.Call) {\n%s})", g.roam(), encode)
	} else {
		g.out.WriteString(encode)
	}
	g.p("if err := c.caller.Do(ctx, call); err != nil {")
	g.p("return %serr", failed)
	g.p("}")
	if len(m.Results) == 0 {
		g.p("return call.Finish()\n}\n")
		return
	}
	decode := g.body(func() {
		for i, name := range resultNames(m) {
			g.p("%s := %s", name, g.decode(m.Results[i].Type))
		}
	})
	if uses(decode, "d") {
		g.p("d := &call.Result")
	}
	g.out.WriteString(decode)
	g.p("if err := call.Finish(); err != nil {")
	g.p("return %serr", failed)
	g.p("}")
	g.p("return %s, nil\n}\n", strings.Join(resultNames(m), ", "))
}

// uses says whether code names a variable.
func uses(code, name string) bool {
	return regexp.MustCompile(`\b` + name + `\b[^:]`).MatchString(code)
}

// methodDoc writes the method's own comment, or says what it calls.
func (g *generator) methodDoc(s *model.Service, m *model.Method) {
	if m.Doc == "" {
		g.p("// %s calls %s.%s.", m.GoName, s.GoName, m.GoName)
		return
	}
	g.doc(m.Doc)
}

func (g *generator) paramList(m *model.Method, params []string) string {
	texts := []string{"ctx " + g.std("context") + ".Context"}
	for i, a := range m.Args {
		texts = append(texts, params[i]+" "+g.typeText(a.Type.Go))
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

// zeros are the results of a call that failed, each with a comma behind it.
func (g *generator) zeros(m *model.Method) string {
	var text strings.Builder
	for _, r := range m.Results {
		text.WriteString(g.zero(r.Type.Go) + ", ")
	}
	return text.String()
}

// dispatcher writes the dispatcher, and for each method what runs it.
func (g *generator) dispatcher(s *model.Service, vars map[*model.Method]string) {
	name := g.ident(names.Unexported(s.GoName) + "Dispatcher")
	g.p("// %s returns a dispatcher that serves impl, whose methods may run for", s.NewDispatcher())
	g.p("// any number of calls at once.")
	g.p("func %s(impl %s, options ...%s.DispatcherOption) %s.ServiceDispatcher {", s.NewDispatcher(), s.GoName, g.roam(), g.roam())
	g.p("return %s.NewDispatcher(%s, %s{impl}, options)", g.roam(), s.Descriptor(), name)
	g.p("}\n")
	g.p("type %s struct{ impl %s }\n", name, s.GoName)
	requests := make(map[*model.Method]string)
	for _, m := range s.Methods {
		requests[m] = g.ident(vars[m] + "Request")
	}
	g.p("// Prepare decodes the arguments of a request; see %s.Dispatcher.", g.roam())
	g.p("func (s %s) Prepare(in *%s.Incoming) (%s.Invocation, error) {", name, g.roam(), g.roam())
	g.p("switch in.Method {")
	for _, m := range s.Methods {
		g.p("case %s:\nreturn prepare%s(s.impl, in)", s.MethodID(m), names.Exported(requests[m]))
	}
	g.p("}")
	g.p("return nil, %s.ErrUnknownMethod", g.roam())
	g.p("}\n")
	for _, m := range s.Methods {
		g.request(s, m, vars[m], requests[m])
	}
}

// request writes what a request is prepared into, and how it runs.
func (g *generator) request(s *model.Service, m *model.Method, method, request string) {
	params := g.arguments(m, requestFields)
	pool := g.ident(request + "s")
	prepare := "prepare" + names.Exported(request)
	g.taken[prepare] = true
	g.p("// %s is a request to %s, ready to run.", request, m.GoName)
	g.p("type %s struct {", request)
	g.p("impl %s", s.GoName)
	for i, a := range m.Args {
		g.p("%s %s", params[i], g.typeText(a.Type.Go))
	}
	g.p("}\n")
	g.p("var %s = %s.Pool{New: func() any { return new(%s) }}\n", pool, g.std("sync"), request)
	g.p("func %s(impl %s, in *%s.Incoming) (%s.Invocation, error) {", prepare, s.GoName, g.roam(), g.roam())
	g.p("a := %s.Get().(*%s)", pool, request)
	g.p("a.impl = impl")
	decode := g.body(func() {
		for i, arg := range m.Args {
			g.p("a.%s = %s", params[i], g.decode(arg.Type))
		}
	})
	if uses(decode, "d") {
		g.p("d := &in.Args")
	}
	g.out.WriteString(decode)
	g.p("if err := in.Args.Finish(); err != nil {\na.release()\nreturn nil, err\n}")
	g.p("return a, nil\n}\n")
	g.p("func (a *%s) release() {\n*a = %s{}\n%s.Put(a)\n}\n", request, request, pool)
	g.p("// Method implements %s.Invocation.", g.roam())
	g.p("func (*%s) Method() *%s.Method { return %s }\n", request, g.roam(), method)
	g.p("// Invoke implements %s.Invocation.", g.roam())
	g.p("func (a *%s) Invoke(ctx %s.Context, reply *%s.Reply) {", request, g.std("context"), g.roam())
	g.p("defer a.release()")
	args := []string{"ctx"}
	for _, p := range params {
		args = append(args, "a."+p)
	}
	results := append(resultNames(m), "err")
	if len(m.Results) == 0 {
		results = []string{"err"}
	}
	g.p("%s := a.impl.%s(%s)", strings.Join(results, ", "), m.GoName, strings.Join(args, ", "))
	g.p("if err != nil {\nreply.Fail(%s, err)\nreturn\n}", method)
	encode := g.body(func() {
		for i, r := range m.Results {
			g.encode(r.Type, resultNames(m)[i])
		}
	})
	if uses(encode, "e") {
		g.p("e := reply.Succeed()")
	} else {
		g.p("reply.Succeed()")
		for _, name := range resultNames(m) {
			if !uses(encode, name) {
				g.p("_ = %s", name)
			}
		}
	}
	g.out.WriteString(encode)
	g.p("}\n")
}
