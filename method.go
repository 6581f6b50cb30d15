package roam

import (
	"slices"

	"github.com/roam-rpc/roam-go/schema"
	"github.com/roam-rpc/roam-go/wire"
)

// Service describes a service, as both sides know it. Generated code makes one for each
// interface; nothing changes it after that.
type Service struct {
	Name    string // as it was hashed into the method ids
	Doc     string
	Methods []*Method
}

// Method describes one method of a service. Generated code makes it; nothing changes
// it after that. ID, Service and Name are enough to call.
type Method struct {
	// ID is the method id that both sides compute from names and types.
	ID uint64
	// Service and Name are as they were hashed into the id.
	Service, Name string
	Doc           string

	// Args are the arguments, in order, as the wire has them.
	Args []schema.Field
	// Result is what the method returns; several values are a tuple.
	Result *schema.Type
	// Error is the declared error, nil when there is none.
	Error *schema.Type

	// Inline says that handlers run on the goroutine that receives.
	Inline bool
	// Borrow says that []byte arguments, at any depth, may be lent to the handler: they
	// lie where they were received until it has returned and its answer is out, and must
	// not be used after that. Over shared memory the peer may change them all the while.
	Borrow bool
	// Idempotent says that a call may be repeated without harm. It is for tools and
	// interceptors: nothing here repeats a call.
	Idempotent bool

	// EncodeError appends err if it is the declared error, which it says; nil when the
	// method declares none.
	EncodeError func(e *wire.Encoder, err error) bool
	// DecodeError is its inverse; nil when the method declares no error.
	DecodeError func(d *wire.Decoder) error
}

// String is "Service.Name".
func (m *Method) String() string { return m.Service + "." + m.Name }

// Streams reports whether channels are passed in the arguments.
func (m *Method) Streams() bool {
	return slices.ContainsFunc(m.Args, func(f schema.Field) bool { return hasChannel(f.Type) })
}

func hasChannel(t *schema.Type) bool {
	if t == nil {
		return false
	}
	if t.Kind == schema.Tx || t.Kind == schema.Rx {
		return true
	}
	inField := func(f schema.Field) bool { return hasChannel(f.Type) }
	inVariant := func(v schema.Variant) bool {
		return hasChannel(v.Value) || slices.ContainsFunc(v.Fields, inField)
	}
	return hasChannel(t.Elem) || slices.ContainsFunc(t.Fields, inField) || slices.ContainsFunc(t.Variants, inVariant)
}
