package wire

// Codec encodes and decodes values of one type: the items of a channel, for one.
// Decode leaves faults in the decoder. Both may be called at once by any number of
// goroutines.
type Codec[T any] struct {
	Append func(b []byte, v T) []byte
	Decode func(d *Decoder) T
}

// Codecs of the types that need no generated code. They are not to be assigned to.
var (
	Bool   = Codec[bool]{AppendBool, (*Decoder).Bool}
	U8     = Codec[uint8]{AppendU8, (*Decoder).U8}
	U16    = Codec[uint16]{AppendU16, (*Decoder).U16}
	U32    = Codec[uint32]{AppendU32, (*Decoder).U32}
	U64    = Codec[uint64]{AppendU64, (*Decoder).U64}
	I8     = Codec[int8]{AppendI8, (*Decoder).I8}
	I16    = Codec[int16]{AppendI16, (*Decoder).I16}
	I32    = Codec[int32]{AppendI32, (*Decoder).I32}
	I64    = Codec[int64]{AppendI64, (*Decoder).I64}
	F32    = Codec[float32]{AppendF32, (*Decoder).F32}
	F64    = Codec[float64]{AppendF64, (*Decoder).F64}
	Char   = Codec[rune]{AppendChar, (*Decoder).Char}
	String = Codec[string]{AppendString, (*Decoder).String}
	Bytes  = Codec[[]byte]{AppendBytes, (*Decoder).Bytes}
	Unit   = Codec[struct{}]{appendUnit, decodeUnit}
)

func appendUnit(b []byte, _ struct{}) []byte { return b }

func decodeUnit(*Decoder) (unit struct{}) { return unit }
