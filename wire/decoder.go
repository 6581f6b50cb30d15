package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"unicode/utf8"
)

// MaxZeroSizeItems is how many items without any bytes, such as units, one Decoder
// accepts in all its lists together. The bytes left do not bound those, and a list of
// lists of them would multiply whatever one list were allowed.
const MaxZeroSizeItems = 1 << 16

// Decoder reads postcard values from a slice. The first fault sticks: from then on
// every method returns a zero value and nothing is left, so one check of [Decoder.Err]
// or [Decoder.Finish] after a whole value is enough. It belongs to one goroutine.
//
// A varint is accepted in any form that ends within its type's longest encoding;
// trailing zero groups are no fault, as in other implementations of postcard.
type Decoder struct {
	buf []byte
	// off is the next byte to read, len(buf) once err is set: the fast paths then
	// need no look at err.
	off int
	// units is how many zero-size items have been announced.
	units int
	// owns says that buf is not used by anyone else, see Reset; lent that
	// others may write to it, see NewBorrowingDecoder.
	owns, lent bool
	// shared says that a part of buf was given away.
	shared bool
	err    error
}

// NewDecoder gives a decoder at the start of b. It reads b and keeps it, and never
// writes to it.
func NewDecoder(b []byte) Decoder { return Decoder{buf: b} }

// Err is the first fault, nil if there is none: a *DecodeError.
func (d *Decoder) Err() error { return d.err }

// Finish is the first fault; bytes that are left over are one.
func (d *Decoder) Finish() error {
	if d.err == nil && d.off < len(d.buf) {
		d.fail(d.off, "value", FaultTrailing, uint64(len(d.buf)-d.off), 0)
	}
	return d.err
}

// Fail refuses the value just read: err becomes the fault if there is none yet.
// Anything but a *DecodeError is wrapped in one. A nil err does nothing.
func (d *Decoder) Fail(err error) {
	if err == nil || d.err != nil {
		return
	}
	if _, ok := err.(*DecodeError); !ok {
		err = &DecodeError{Offset: d.off, What: "value", Fault: FaultValue, Err: err}
	}
	d.err = err
	d.off = len(d.buf)
}

// FailVariant refuses an index, just read by [Decoder.Variant], that the enum called
// what does not have.
func (d *Decoder) FailVariant(what string, index uint32) {
	d.fail(d.off, what, FaultVariant, uint64(index), 0)
}

// Remaining is the number of bytes not read yet.
func (d *Decoder) Remaining() int { return len(d.buf) - d.off }

// Rest takes all bytes that are left. They alias the input.
func (d *Decoder) Rest() []byte {
	rest := d.buf[d.off:]
	d.off = len(d.buf)
	return rest
}

func (d *Decoder) fail(offset int, what string, fault Fault, value, bound uint64) {
	if d.err == nil {
		d.err = &DecodeError{Offset: offset, What: what, Fault: fault, Value: value, Bound: bound}
		d.off = len(d.buf)
	}
}

// take gives the next n bytes, which alias the input; nil and a fault when there are
// not as many. start is where the value began.
func (d *Decoder) take(start int, what string, n uint64) []byte {
	left := d.buf[d.off:]
	if n > uint64(len(left)) {
		d.fail(start, what, FaultTruncated, n, uint64(len(left)))
		return nil
	}
	d.off += int(n)
	return left[:n:n]
}

// uvarint reads an unsigned number of a type with size bits. size is no multiple of
// seven, so the last byte of the longest encoding always has bits to spare, its
// continuation bit among them: one comparison finds overflow and over-length.
func (d *Decoder) uvarint(what string, size int) uint64 {
	if d.off < len(d.buf) {
		if v := d.buf[d.off]; v < 0x80 { // read once: see NewBorrowingDecoder
			d.off++
			return uint64(v)
		}
	}
	return d.longUvarint(what, size)
}

func (d *Decoder) longUvarint(what string, size int) uint64 {
	var v uint64
	for i, c := range d.buf[d.off:] {
		shift := 7 * i
		if free := size - shift; free < 7 && c>>free != 0 {
			d.fail(d.off, what, FaultOverflow, 0, uint64(size))
			return 0
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			d.off += i + 1
			return v
		}
	}
	left := uint64(len(d.buf) - d.off)
	d.fail(d.off, what, FaultTruncated, left+1, left)
	return 0
}

// U8 reads one raw byte.
func (d *Decoder) U8() uint8 { return d.byte("u8") }

// I8 reads one raw byte, two's complement.
func (d *Decoder) I8() int8 { return int8(d.byte("i8")) }

func (d *Decoder) byte(what string) byte {
	if d.off < len(d.buf) {
		v := d.buf[d.off]
		d.off++
		return v
	}
	d.fail(d.off, what, FaultTruncated, 1, 0)
	return 0
}

// U16 reads a varint of at most 3 bytes.
func (d *Decoder) U16() uint16 { return uint16(d.uvarint("u16", 16)) }

// U32 reads a varint of at most 5 bytes.
func (d *Decoder) U32() uint32 { return uint32(d.uvarint("u32", 32)) }

// U64 reads a varint of at most 10 bytes.
func (d *Decoder) U64() uint64 { return d.uvarint("u64", 64) }

// I16 reads a zigzag varint of at most 3 bytes.
func (d *Decoder) I16() int16 { return int16(unzigzag(d.uvarint("i16", 16))) }

// I32 reads a zigzag varint of at most 5 bytes.
func (d *Decoder) I32() int32 { return int32(unzigzag(d.uvarint("i32", 32))) }

// I64 reads a zigzag varint of at most 10 bytes.
func (d *Decoder) I64() int64 { return unzigzag(d.uvarint("i64", 64)) }

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// Bool reads 00 or 01.
func (d *Decoder) Bool() bool { return d.tag("bool") }

// Option reads the tag of an option; the value follows when it is true.
func (d *Decoder) Option() bool { return d.tag("option") }

func (d *Decoder) tag(what string) bool {
	v := d.byte(what)
	if v > 1 {
		d.fail(d.off-1, what, FaultTag, uint64(v), 1)
		return false
	}
	return v == 1
}

// Variant reads the index of an enum's variant; its payload follows. An index that
// the enum does not have is for the caller to refuse, with [Decoder.FailVariant].
func (d *Decoder) Variant() uint32 { return uint32(d.uvarint("variant index", 32)) }

// F32 reads 4 bytes of IEEE 754, little-endian; every bit pattern is kept.
func (d *Decoder) F32() float32 {
	if b := d.take(d.off, "f32", 4); b != nil {
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
	return 0
}

// F64 reads 8 bytes of IEEE 754, little-endian; every bit pattern is kept.
func (d *Decoder) F64() float64 {
	if b := d.take(d.off, "f64", 8); b != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// Int reads an i64 that an int can hold.
func (d *Decoder) Int() int {
	v := d.I64()
	if int64(int(v)) != v {
		d.Fail(fmt.Errorf("i64 %d does not fit an int of %d bits", v, bits.UintSize))
		return 0
	}
	return int(v)
}

// Uint reads a u64 that a uint can hold.
func (d *Decoder) Uint() uint {
	v := d.U64()
	if uint64(uint(v)) != v {
		d.Fail(fmt.Errorf("u64 %d does not fit a uint of %d bits", v, bits.UintSize))
		return 0
	}
	return uint(v)
}

// Unit reads nothing.
func (d *Decoder) Unit() (unit struct{}) { return unit }

// Raw fills v: the items of an array of u8.
func (d *Decoder) Raw(v []byte) { copy(v, d.take(d.off, "array", uint64(len(v)))) }

// Char reads a string of exactly one character.
func (d *Decoder) Char() Char {
	start := d.off
	text := d.text("char")
	if d.err != nil {
		return 0
	}
	r, size := utf8.DecodeRune(text)
	if size == 0 || size != len(text) {
		d.fail(start, "char", FaultChar, uint64(len(text)), uint64(size))
		return 0
	}
	return Char(r)
}

// String reads length and bytes, which must be valid UTF-8, and copies them, unless
// the decoder owns them.
func (d *Decoder) String() string {
	view := d.text("string")
	switch {
	case len(view) == 0:
		return ""
	case d.lent: // it is a copy
		return stringOf(view)
	case d.keeps(len(view)):
		return stringOf(d.given(view)[:len(view)])
	}
	return string(view)
}

// Bytes reads length and bytes and copies them, unless the decoder owns or borrows them;
// never nil unless there is a fault.
func (d *Decoder) Bytes() []byte {
	view := d.BytesView()
	switch {
	case view == nil:
		return nil
	case d.lent:
		return view
	case d.keeps(len(view)):
		return d.given(view)
	}
	b := make([]byte, len(view))
	copy(b, view)
	return b
}

// BytesView reads length and bytes without copying: the result aliases the input and
// lives no longer than it. Its capacity is its length. Never nil unless there is a
// fault.
func (d *Decoder) BytesView() []byte { return d.view("bytes") }

func (d *Decoder) view(what string) []byte {
	start := d.off
	n := d.uvarint(what, 64)
	if d.err != nil {
		return nil
	}
	return d.take(start, what, n)
}

// text is a view of valid UTF-8; of memory that others may write to, a copy.
func (d *Decoder) text(what string) []byte {
	start := d.off
	b := d.view(what)
	if d.lent {
		b = append([]byte(nil), b...) // before it is checked
	}
	if !utf8.Valid(b) {
		d.fail(start, what, FaultUTF8, uint64(firstInvalid(b)), uint64(len(b)))
		return nil
	}
	return b
}

func firstInvalid(b []byte) int {
	at := 0
	for at < len(b) {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// Len reads the count of a list, set or map whose items have at least minItemSize
// bytes each (1 for an enum or an option, the sum of its fields for a struct), and
// refuses a count that the bytes left cannot hold. A slice made for that many items
// then has at most as many as there are bytes. For items without any bytes pass 0:
// the count is bounded by [MaxZeroSizeItems], all lists of this Decoder together.
func (d *Decoder) Len(minItemSize int) int {
	start := d.off
	n := d.uvarint("count", 64)
	var most uint64
	if minItemSize > 0 {
		most = uint64((len(d.buf) - d.off) / minItemSize)
	} else {
		most = uint64(MaxZeroSizeItems - d.units)
	}
	if n > most {
		d.fail(start, "count", FaultCount, n, most)
		return 0
	}
	if minItemSize <= 0 {
		d.units += int(n)
	}
	return int(n)
}
