package gocode

import (
	"github.com/roam-rpc/roam-go/internal/roamgen/model"
	"github.com/roam-rpc/roam-go/internal/roamgen/names"
)

// methodNames are what the package calls what is written for one method.
type methodNames struct {
	descriptor string
	request    string // type of a request
	pool       string // of requests
	prepare    string // function that makes a request
}

// service writes all that one service needs.
func (g *generator) service(s *model.Service) {
	g.ids(s)
	methods := make(map[*model.Method]methodNames)
	for _, m := range s.Methods {
		descriptor := g.ident(names.Unexported(s.GoName) + m.GoName)
		request := g.ident(descriptor + "Request")
		methods[m] = methodNames{descriptor, request, g.ident(request + "s"), g.ident("prepare" + names.Exported(request))}
	}
	g.descriptor(s, methods)
	g.client(s, methods)
	g.dispatcher(s, methods)
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

// argumentNames are what a method's source calls its arguments.
func argumentNames(m *model.Method) []string {
	texts := make([]string, len(m.Args))
	for i, a := range m.Args {
		if texts[i] = a.GoName; a.GoName == "" {
			texts[i] = a.Name
		}
	}
	return texts
}
