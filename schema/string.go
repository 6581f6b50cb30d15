package schema

import (
	"fmt"
	"strings"
)

var names = map[Kind]string{
	Bool: "bool", U8: "u8", U16: "u16", U32: "u32", U64: "u64", U128: "u128",
	I8: "i8", I16: "i16", I32: "i32", I64: "i64", I128: "i128", F32: "f32", F64: "f64",
	Char: "char", String: "string", Unit: "unit", Bytes: "bytes", List: "list", Option: "option",
	Array: "array", Map: "map", Set: "set", Tuple: "tuple", Tx: "tx", Rx: "rx",
	Struct: "struct", Enum: "enum",
}

// String is the kind's name in the protocol.
func (k Kind) String() string {
	if name, ok := names[k]; ok {
		return name
	}
	return fmt.Sprintf("Kind(%#02x)", uint8(k))
}

// String is the type in wire terms, such as list<option<u32>>. A type that has a name
// is written by it.
func (t *Type) String() string {
	if t.Name != "" {
		return t.Name
	}
	return t.Definition()
}

// Definition is String that looks through the type's own name, such as
// struct { x i32, y i32 }.
func (t *Type) Definition() string {
	switch t.Kind {
	case List, Option, Set, Tx, Rx:
		return fmt.Sprintf("%s<%s>", t.Kind, t.Elem)
	case Array:
		return fmt.Sprintf("array<%s, %d>", t.Elem, t.Len)
	case Map:
		return fmt.Sprintf("map<%s, %s>", t.Key, t.Elem)
	case Tuple:
		return "tuple<" + joined(t.Fields, false) + ">"
	case Struct:
		return "struct { " + joined(t.Fields, true) + " }"
	case Enum:
		variants := make([]string, len(t.Variants))
		for i, v := range t.Variants {
			variants[i] = v.String()
		}
		return "enum { " + strings.Join(variants, ", ") + " }"
	}
	return t.Kind.String()
}

// String is the variant with its payload, such as Circle { radius f64 }.
func (v Variant) String() string {
	switch {
	case v.Value != nil:
		return fmt.Sprintf("%s(%s)", v.Name, v.Value)
	case len(v.Fields) > 0:
		return fmt.Sprintf("%s { %s }", v.Name, joined(v.Fields, true))
	}
	return v.Name
}

func joined(fields []Field, named bool) string {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = f.Type.String()
		if named {
			texts[i] = f.Name + " " + texts[i]
		}
	}
	return strings.Join(texts, ", ")
}
