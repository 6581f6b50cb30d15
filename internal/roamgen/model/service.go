package model

import (
	"go/token"
	"go/types"

	"github.com/roam-rpc/roam-go/internal/roamgen/methodid"
	"github.com/roam-rpc/roam-go/internal/roamgen/names"
	"github.com/roam-rpc/roam-go/schema"
)

// Package is one package that has services.
type Package struct {
	Types    *types.Package
	Dir      string
	Services []*Service // in the order of the source
	// Declared are the names that the package's files declare, whatever they are built
	// for, tests among them. Imported are those of their imports.
	Declared, Imported map[string]bool
}

// Service is one marked interface.
type Service struct {
	GoName string // of the interface
	Name   string // as it is hashed
	Doc    string
	// Methods are in the order of the source; those of embedded interfaces follow.
	Methods []*Method
}

// Method is one method of a service.
type Method struct {
	GoName string
	Name   string // as it is hashed
	Doc    string
	Args   []Arg
	// Results are what the method returns before its error.
	Results []Arg
	Error   *Error // declared; nil when there is none

	Inline, Idempotent bool
}

// Arg is an argument or result.
type Arg struct {
	GoName string // empty when it has none
	Name   string // on the wire
	Type   *Type
}

// Error is a declared error.
type Error struct {
	// Type is the type that travels.
	Type *Type
	// Pointer says that *Type is the error, not Type.
	Pointer bool
	// Value says that handlers may return Type as well as *Type.
	Value bool
}

// WireArgs are the arguments in wire terms.
func (m *Method) WireArgs() []schema.Field {
	fields := make([]schema.Field, len(m.Args))
	for i, a := range m.Args {
		fields[i] = schema.Field{Name: a.Name, Type: a.Type.Wire}
	}
	return fields
}

// WireResult is the result in wire terms: a unit for none, a tuple for several.
func (m *Method) WireResult() *schema.Type {
	switch len(m.Results) {
	case 0:
		return &schema.Type{Kind: schema.Unit}
	case 1:
		return m.Results[0].Type.Wire
	}
	t := &schema.Type{Kind: schema.Tuple}
	for _, r := range m.Results {
		t.Fields = append(t.Fields, schema.Field{Name: r.Name, Type: r.Type.Wire})
	}
	return t
}

// ID is the method's id within service s.
func (m *Method) ID(s *Service) uint64 {
	return methodid.Of(s.Name, m.Name, m.WireArgs(), m.WireResult(), m.Error != nil)
}

// HasChannels says that the arguments pass channels.
func (m *Method) HasChannels() bool {
	for _, a := range m.Args {
		if a.Type.HasChannel {
			return true
		}
	}
	return false
}

// Names of what is generated for a service. They are exported when the interface is.

// Client is the name of the client's type.
func (s *Service) Client() string { return s.GoName + "Client" }

// NewClient is the name of the client's constructor.
func (s *Service) NewClient() string { return s.constructor("Client") }

// NewDispatcher is the name of the dispatcher's constructor.
func (s *Service) NewDispatcher() string { return s.constructor("Dispatcher") }

// Descriptor is the name of the service's descriptor.
func (s *Service) Descriptor() string { return s.GoName + "Descriptor" }

// MethodID is the name of a method's id.
func (s *Service) MethodID(m *Method) string { return s.GoName + m.GoName + "ID" }

func (s *Service) constructor(of string) string {
	if token.IsExported(s.GoName) {
		return "New" + s.GoName + of
	}
	return "new" + names.Exported(s.GoName) + of
}

// Generated are the names that users of the generated code write.
func (s *Service) Generated() []string {
	all := []string{s.Client(), s.NewClient(), s.NewDispatcher(), s.Descriptor()}
	for _, m := range s.Methods {
		all = append(all, s.MethodID(m))
	}
	return all
}
