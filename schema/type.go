package schema

// Kind is the kind of a wire type, exactly its tag in a signature.
type Kind uint8

// The kinds.
const (
	Bool   Kind = 0x01
	U8     Kind = 0x02
	U16    Kind = 0x03
	U32    Kind = 0x04
	U64    Kind = 0x05
	U128   Kind = 0x06
	I8     Kind = 0x07
	I16    Kind = 0x08
	I32    Kind = 0x09
	I64    Kind = 0x0a
	I128   Kind = 0x0b
	F32    Kind = 0x0c
	F64    Kind = 0x0d
	Char   Kind = 0x0e
	String Kind = 0x0f
	Unit   Kind = 0x10
	Bytes  Kind = 0x11
	List   Kind = 0x20
	Option Kind = 0x21
	Array  Kind = 0x22
	Map    Kind = 0x23
	Set    Kind = 0x24
	Tuple  Kind = 0x25
	Tx     Kind = 0x26
	Rx     Kind = 0x27
	Struct Kind = 0x30
	Enum   Kind = 0x31
)

// Type is one type. Types are shared and not changed once made.
type Type struct {
	Kind Kind
	// Name is that of the Go type, empty for a type without one. It is not part of
	// the signature.
	Name string
	Doc  string
	// Elem is the type of a list's, array's or set's items, of a map's values, of what
	// an option may hold, or of a channel's items.
	Elem *Type
	Key  *Type // Map: of its keys
	Len  int   // Array: how many items
	// Fields are those of a struct, or the values of a tuple, which have no names.
	Fields   []Field
	Variants []Variant // Enum: in the order of their indices
}

// Field is one field of a struct or variant, value of a tuple, or argument of a method.
type Field struct {
	Name string // as in signatures
	Doc  string
	Type *Type
}

// Variant is one variant of an enum: without a payload, with one unnamed value, or
// with fields.
type Variant struct {
	Name string
	Doc  string
	// Value is the type of the one unnamed value; nil when there is none.
	Value *Type
	// Fields are the fields; empty when there are none.
	Fields []Field
}
