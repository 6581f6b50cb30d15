package wire

import "time"

// Codec encodes and decodes values of one type: the items of a channel, for one.
// Faults are left in the encoder or decoder. Both may be called at once by any number
// of goroutines.
type Codec[T any] struct {
	Encode func(e *Encoder, v T)
	Decode func(d *Decoder) T
}

// Codecs of the types that need no generated code. They are not to be assigned to.
var (
	Bool      = Codec[bool]{(*Encoder).Bool, (*Decoder).Bool}
	U8        = Codec[uint8]{(*Encoder).U8, (*Decoder).U8}
	U16       = Codec[uint16]{(*Encoder).U16, (*Decoder).U16}
	U32       = Codec[uint32]{(*Encoder).U32, (*Decoder).U32}
	U64       = Codec[uint64]{(*Encoder).U64, (*Decoder).U64}
	U128      = Codec[Uint128]{(*Encoder).U128, (*Decoder).U128}
	Uint      = Codec[uint]{(*Encoder).Uint, (*Decoder).Uint}
	I8        = Codec[int8]{(*Encoder).I8, (*Decoder).I8}
	I16       = Codec[int16]{(*Encoder).I16, (*Decoder).I16}
	I32       = Codec[int32]{(*Encoder).I32, (*Decoder).I32}
	I64       = Codec[int64]{(*Encoder).I64, (*Decoder).I64}
	I128      = Codec[Int128]{(*Encoder).I128, (*Decoder).I128}
	Int       = Codec[int]{(*Encoder).Int, (*Decoder).Int}
	F32       = Codec[float32]{(*Encoder).F32, (*Decoder).F32}
	F64       = Codec[float64]{(*Encoder).F64, (*Decoder).F64}
	CharCodec = Codec[Char]{(*Encoder).Char, (*Decoder).Char}
	String    = Codec[string]{(*Encoder).String, (*Decoder).String}
	Bytes     = Codec[[]byte]{(*Encoder).Bytes, (*Decoder).Bytes}
	Unit      = Codec[struct{}]{(*Encoder).Unit, (*Decoder).Unit}
	Time      = Codec[time.Time]{(*Encoder).Time, (*Decoder).Time}
	Duration  = Codec[time.Duration]{(*Encoder).Duration, (*Decoder).Duration}
)
