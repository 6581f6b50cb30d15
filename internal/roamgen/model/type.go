package model

import (
	"go/types"

	"github.com/roam-rpc/roam-go/schema"
)

// Form is how values of a type are encoded.
type Form uint8

// The forms.
const (
	Leaf      Form = iota // by a method of wire.Encoder and wire.Decoder, named Codec
	ByteArray             // [N]byte, raw
	List                  // slice of Elem
	Array                 // array of Elem
	Map                   // map of Key to Elem
	Set                   // map of Elem to struct{}
	Option                // pointer to Elem
	Struct                // Fields in order; also tuples
	UnitEnum              // integer that is one of Constants
	Enum                  // interface that holds one of Variants
	Tx                    // *roam.Tx of Elem
	Rx                    // *roam.Rx of Elem
)

// Type is a Go type that has a form on the wire. Types are shared: one for each Go type.
type Type struct {
	Go   types.Type
	Wire *schema.Type
	Form Form

	// Codec is, for a Leaf, the name of its methods in package wire, and Basic the type
	// that they take.
	Codec string
	Basic types.Type

	Elem, Key *Type
	Fields    []Field
	Wholly    bool // Struct: no field is left out
	Constants []Constant
	Variants  []Variant

	// HasChannel says that there is a Tx or Rx within.
	HasChannel bool
	// MinSize is the least that a value takes on the wire, bytes.
	MinSize int
}

// Field is a field of a struct that travels.
type Field struct {
	GoName string
	Type   *Type
}

// Constant is a variant of a UnitEnum.
type Constant struct{ Object *types.Const }

// Variant is a variant of an Enum.
type Variant struct {
	Type *Type
	// Pointer says that *Type implements the enum's interface and Type does not.
	Pointer bool
}
