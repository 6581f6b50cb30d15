package schema

import "encoding/binary"

// How a variant's payload is written in a signature.
const (
	payloadUnit   = 0x00
	payloadValue  = 0x01
	payloadFields = 0x02
)

// AppendSignature appends the signature of a type.
func AppendSignature(b []byte, t *Type) []byte {
	b = append(b, byte(t.Kind))
	switch t.Kind {
	case List, Option, Set, Tx, Rx:
		return AppendSignature(b, t.Elem)
	case Array:
		return AppendSignature(binary.AppendUvarint(b, uint64(t.Len)), t.Elem)
	case Map:
		return AppendSignature(AppendSignature(b, t.Key), t.Elem)
	case Tuple:
		b = binary.AppendUvarint(b, uint64(len(t.Fields)))
		for _, f := range t.Fields {
			b = AppendSignature(b, f.Type)
		}
	case Struct:
		return appendFields(b, t.Fields)
	case Enum:
		b = binary.AppendUvarint(b, uint64(len(t.Variants)))
		for _, v := range t.Variants {
			b = appendVariant(b, v)
		}
	}
	return b
}

func appendVariant(b []byte, v Variant) []byte {
	b = appendName(b, v.Name)
	switch {
	case v.Value != nil:
		return AppendSignature(append(b, payloadValue), v.Value)
	case len(v.Fields) > 0:
		return appendFields(append(b, payloadFields), v.Fields)
	}
	return append(b, payloadUnit)
}

func appendFields(b []byte, fields []Field) []byte {
	b = binary.AppendUvarint(b, uint64(len(fields)))
	for _, f := range fields {
		b = AppendSignature(appendName(b, f.Name), f.Type)
	}
	return b
}

func appendName(b []byte, name string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(name))), name...)
}

// AppendMethodSignature appends the signature of a method: its arguments as a tuple,
// then its result. A method that declares an error has the one byte of a unit as its
// result, whatever it returns.
func AppendMethodSignature(b []byte, args []Field, result *Type, fallible bool) []byte {
	b = AppendSignature(b, &Type{Kind: Tuple, Fields: args})
	if fallible {
		return append(b, byte(Unit))
	}
	return AppendSignature(b, result)
}
