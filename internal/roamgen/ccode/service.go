package ccode

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// service is a service as C has it.
type service struct {
	*model.Service
	base    string // of its names: demo_store, or demo for the service Demo of prefix demo
	methods []*method
}

// method is a method as C has it. What it has no need of is nil.
type method struct {
	*model.Method
	service *service
	base    string // of its names, as demo_store_get
	member  string // of the table of handlers

	arguments, caller *ctype // the same without channels
	result, failure   *ctype
}

// id is the name of its id.
func (m *method) id() string { return upper(m.base + "_id") }

// borrows says that what it answers points to memory of the call.
func (m *method) borrows() bool {
	return m.result != nil && !m.result.plain || m.failure != nil && !m.failure.plain
}

// hasChannels says that a method passes channels.
func (m *method) hasChannels() bool { return m.arguments != nil && m.arguments.channel }

// flags are those of its entry in the table of methods.
func (m *method) flags() string {
	var names []string
	if m.Inline {
		names = append(names, "ROAM_METHOD_INLINE")
	}
	if !m.hasChannels() {
		names = append(names, "ROAM_METHOD_NO_CHANNELS")
	}
	if names == nil {
		return "0"
	}
	return strings.Join(names, " | ")
}

// readService names what is written for a service, and has its types declared.
func (g *generator) readService(of *model.Service) *service {
	g.pos = g.pkg.Types.Scope().Lookup(of.GoName).Pos()
	s := &service{Service: of, base: g.prefix}
	if name := snake(of.GoName); name != g.prefix {
		s.base += "_" + name
	}
	g.claim(g.tags, s.base+"_handlers", "the handlers of "+of.GoName)
	g.claim(g.idents, s.base+"_service", "what makes the service "+of.GoName)
	for _, m := range of.Methods {
		s.methods = append(s.methods, g.readMethod(s, m))
	}
	return s
}

func (g *generator) readMethod(s *service, of *model.Method) *method {
	m := &method{Method: of, service: s, base: s.base + "_" + snake(of.GoName), member: member(of.GoName)}
	g.pos = g.position(s.Service, of)
	said := s.GoName + "." + of.GoName
	for _, end := range []string{"call", "begin", "end", "answer", "refuse"} {
		g.claim(g.idents, m.base+"_"+end, said)
	}
	g.claim(g.idents, m.id(), said)
	m.arguments = g.tuple(m, "arguments", of.Args, false)
	m.caller = m.arguments
	if of.HasChannels() {
		m.caller = g.tuple(m, "arguments", of.Args, true)
	}
	switch len(of.Results) {
	case 0:
	case 1:
		m.result = unlessEmpty(g.ctype(of.Results[0].Type, false))
	default:
		m.result = g.tuple(m, "results", of.Results, false)
	}
	if of.Error != nil {
		m.failure = unlessEmpty(g.ctype(of.Error.Type, false))
	}
	return m
}

// position is where a method is declared.
func (g *generator) position(s *model.Service, m *model.Method) token.Pos {
	service := g.pkg.Types.Scope().Lookup(s.GoName)
	found, _, _ := types.LookupFieldOrMethod(service.Type(), false, g.pkg.Types, m.GoName)
	return found.Pos()
}

func unlessEmpty(t *ctype) *ctype {
	if t.empty {
		return nil
	}
	return t
}

// tuple is the struct of a method's arguments or results, nil when it has none.
func (g *generator) tuple(m *method, what string, of []model.Arg, caller bool) *ctype {
	said := fmt.Sprintf("the %s of %s.%s", what, m.service.GoName, m.GoName)
	fields := make([]field, len(of))
	for i, a := range of {
		name := a.GoName
		if snake(name) == "" {
			name = fmt.Sprintf("%s%d", what[:len(what)-1], i+1)
		}
		fields[i] = field{member(name), "", g.ctype(a.Type, caller)}
	}
	t := structOf("", fields)
	g.checkFields(said, t)
	if t.empty {
		return nil
	}
	t.name, t.key = m.base[len(g.prefix)+1:]+"_"+what, said
	t.caller = caller
	if caller {
		t.name, t.key = t.name+"_caller", "caller's "+said
	}
	t.channel = slices.ContainsFunc(fields, func(f field) bool { return f.t.channel })
	return g.declare(t)
}

// pointerParameter is a parameter for a value that is filled in.
func pointerParameter(t *ctype, name string) string { return declared(t.c, "*"+name) }

// valueParameter is a parameter for a value that is given.
func valueParameter(t *ctype, name string) string {
	if t.byValue() {
		return declared(t.c, name)
	}
	return "const " + t.c + " *" + name
}

// valueExpr is a value that was given so, for write.
func valueExpr(t *ctype, name string) string {
	if t.byValue() {
		return name
	}
	return "*" + name
}
