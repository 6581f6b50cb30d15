package wire

import (
	"fmt"
	"unicode/utf8"
)

// Encoder appends postcard values to a buffer. The first value that has no encoding
// sticks as an error, as the first fault of a [Decoder] does, so that one check of
// [Encoder.Err] after a whole value is enough. The zero value is ready to use. It
// belongs to one goroutine.
//
// A large string or []byte is not copied: the encoder refers to it until something is
// appended behind it. It must not change as long as the encoding is in use.
type Encoder struct {
	buf  []byte
	tail []byte // follows buf; not ours
	err  error
}

// tailFrom is from how many bytes on a value is referred to.
const tailFrom = 2048

// NewEncoder gives an encoder that appends to b.
func NewEncoder(b []byte) Encoder { return Encoder{buf: b} }

// Reset starts anew, appending to b.
func (e *Encoder) Reset(b []byte) { e.buf, e.tail, e.err = b, nil, nil }

// Buffer is what was appended, after what the encoder was given.
func (e *Encoder) Buffer() []byte { return e.joined() }

// Parts is Buffer in two parts, of which the second, which may be empty, is memory that
// was given to the encoder.
func (e *Encoder) Parts() (head, tail []byte) { return e.buf, e.tail }

// joined gives the buffer with all that was appended in it.
func (e *Encoder) joined() []byte {
	if e.tail != nil {
		e.buf, e.tail = append(e.buf, e.tail...), nil
	}
	return e.buf
}

// long appends length and bytes of a large value.
func (e *Encoder) long(v []byte) {
	e.buf = AppendUvarint(e.joined(), uint64(len(v)))
	e.tail = v
}

// Err is the first fault, nil if there is none.
func (e *Encoder) Err() error { return e.err }

// Fail says that a value has no encoding: err becomes the encoder's unless there is
// one. The buffer is then of no use.
func (e *Encoder) Fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// FailConstant says that the enum called what has no constant of value v, an integer.
func (e *Encoder) FailConstant(what string, v any) {
	e.Fail(fmt.Errorf("enum %s has no constant %d", what, v))
}

// FailVariant says that the enum called what has no variant of v's type.
func (e *Encoder) FailVariant(what string, v any) {
	e.Fail(fmt.Errorf("enum %s has no variant %T", what, v))
}

// FailNil says that a value of the enum called what is a nil pointer of v's type.
func (e *Encoder) FailNil(what string, v any) {
	e.Fail(fmt.Errorf("enum %s holds a nil %T", what, v))
}

// Bool appends 00 or 01.
func (e *Encoder) Bool(v bool) { e.buf = AppendBool(e.joined(), v) }

// U8 appends one raw byte.
func (e *Encoder) U8(v uint8) { e.buf = append(e.joined(), v) }

// U16 appends a varint of 1 to 3 bytes.
func (e *Encoder) U16(v uint16) { e.buf = AppendUvarint(e.joined(), uint64(v)) }

// U32 appends a varint of 1 to 5 bytes.
func (e *Encoder) U32(v uint32) { e.buf = AppendUvarint(e.joined(), uint64(v)) }

// U64 appends a varint of 1 to 10 bytes.
func (e *Encoder) U64(v uint64) { e.buf = AppendUvarint(e.joined(), v) }

// Uint appends v as a u64.
func (e *Encoder) Uint(v uint) { e.buf = AppendUvarint(e.joined(), uint64(v)) }

// I8 appends one raw byte, two's complement.
func (e *Encoder) I8(v int8) { e.buf = append(e.joined(), byte(v)) }

// I16 appends a zigzag varint of 1 to 3 bytes.
func (e *Encoder) I16(v int16) { e.buf = AppendI64(e.joined(), int64(v)) }

// I32 appends a zigzag varint of 1 to 5 bytes.
func (e *Encoder) I32(v int32) { e.buf = AppendI64(e.joined(), int64(v)) }

// I64 appends a zigzag varint of 1 to 10 bytes.
func (e *Encoder) I64(v int64) { e.buf = AppendI64(e.joined(), v) }

// Int appends v as an i64.
func (e *Encoder) Int(v int) { e.buf = AppendI64(e.joined(), int64(v)) }

// U128 appends a varint of 1 to 19 bytes.
func (e *Encoder) U128(v Uint128) { e.buf = AppendU128(e.joined(), v.Hi, v.Lo) }

// I128 appends a zigzag varint of 1 to 19 bytes.
func (e *Encoder) I128(v Int128) { e.buf = AppendI128(e.joined(), v.Hi, v.Lo) }

// F32 appends 4 bytes of IEEE 754, little-endian.
func (e *Encoder) F32(v float32) { e.buf = AppendF32(e.joined(), v) }

// F64 appends 8 bytes of IEEE 754, little-endian.
func (e *Encoder) F64(v float64) { e.buf = AppendF64(e.joined(), v) }

// Char appends v as a string of that one character; what is no Unicode scalar value
// goes out as U+FFFD.
func (e *Encoder) Char(v Char) { e.buf = AppendChar(e.joined(), rune(v)) }

// String appends length and bytes; each run of invalid UTF-8 goes out as U+FFFD.
func (e *Encoder) String(v string) {
	if len(v) >= tailFrom && utf8.ValidString(v) {
		e.long(bytesOf(v))
		return
	}
	e.buf = AppendString(e.joined(), v)
}

// Bytes appends length and bytes.
func (e *Encoder) Bytes(v []byte) {
	if len(v) >= tailFrom {
		e.long(v)
		return
	}
	e.buf = AppendBytes(e.joined(), v)
}

// Raw appends bytes as they are: the items of an array of u8.
func (e *Encoder) Raw(v []byte) { e.buf = append(e.joined(), v...) }

// Unit appends nothing.
func (e *Encoder) Unit(struct{}) {}

// Option appends the tag of an option; the value follows when some is true.
func (e *Encoder) Option(some bool) { e.buf = AppendBool(e.joined(), some) }

// Len appends the count of a list, set or map; n items follow.
func (e *Encoder) Len(n int) { e.buf = AppendUvarint(e.joined(), uint64(n)) }

// Variant appends the index of an enum's variant; its payload follows.
func (e *Encoder) Variant(index uint32) { e.buf = AppendUvarint(e.joined(), uint64(index)) }
