package wire

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// verdict is what Finish says after reading from b.
type verdict func(b []byte) error

func (v verdict) with(b []byte) func() error { return func() error { return v(b) } }

func after(read func(*Decoder)) verdict {
	return func(b []byte) error {
		d := NewDecoder(b)
		read(&d)
		return d.Finish()
	}
}

func reading[T any](read func(*Decoder) T) func(*Decoder) {
	return func(d *Decoder) { read(d) }
}

func ff(n int, last byte) []byte { return append(bytes.Repeat([]byte{0xff}, n), last) }

// zeros is the number 0 in n+1 bytes.
func zeros(n int) []byte { return append(bytes.Repeat([]byte{0x80}, n), 0) }

func TestDecoderRefuses(t *testing.T) {
	u128 := func(d *Decoder) { d.U128() }
	i128 := func(d *Decoder) { d.I128() }
	units := func(d *Decoder) { d.Len(0) }
	for _, c := range []struct {
		name  string
		read  func(*Decoder)
		input []byte
		want  string
	}{
		{"u8 of nothing", reading((*Decoder).U8), nil, "u8 at byte 0: needs 1 bytes, 0 left"},
		{"i8 of nothing", reading((*Decoder).I8), nil, "i8 at byte 0: needs 1 bytes, 0 left"},
		{"u16 over 65535", reading((*Decoder).U16), ff(2, 4), "u16 at byte 0: varint over 16 bits"},
		{"u16 over-long", reading((*Decoder).U16), zeros(3), "u16 at byte 0: varint over 16 bits"},
		{"i16 over 16 bits", reading((*Decoder).I16), ff(2, 4), "i16 at byte 0: varint over 16 bits"},
		{"u32 over 32 bits", reading((*Decoder).U32), ff(4, 0x10), "u32 at byte 0: varint over 32 bits"},
		{"u32 over-long", reading((*Decoder).U32), zeros(5), "u32 at byte 0: varint over 32 bits"},
		{"i32 over 32 bits", reading((*Decoder).I32), ff(4, 0x1f), "i32 at byte 0: varint over 32 bits"},
		{"u64 over 64 bits", reading((*Decoder).U64), ff(9, 2), "u64 at byte 0: varint over 64 bits"},
		{"u64 over-long", reading((*Decoder).U64), zeros(10), "u64 at byte 0: varint over 64 bits"},
		{"i64 over 64 bits", reading((*Decoder).I64), ff(9, 2), "i64 at byte 0: varint over 64 bits"},
		{"u64 cut", reading((*Decoder).U64), ff(2, 0xff), "u64 at byte 0: needs 4 bytes, 3 left"},
		{"u128 over 128 bits", u128, ff(18, 4), "u128 at byte 0: varint over 128 bits"},
		{"u128 over-long", u128, zeros(19), "u128 at byte 0: varint over 128 bits"},
		{"u128 cut", u128, ff(2, 0xff), "u128 at byte 0: needs 4 bytes, 3 left"},
		{"i128 over 128 bits", i128, ff(18, 4), "i128 at byte 0: varint over 128 bits"},
		{"bool 2", reading((*Decoder).Bool), []byte{2}, "bool at byte 0: tag 2, want 0 to 1"},
		{"option 255", reading((*Decoder).Option), []byte{255}, "option at byte 0: tag 255, want 0 to 1"},
		{"variant over u32", reading((*Decoder).Variant), ff(4, 0x10), "variant index at byte 0: varint over 32 bits"},
		{"f32 cut", reading((*Decoder).F32), []byte{1, 2, 3}, "f32 at byte 0: needs 4 bytes, 3 left"},
		{"f64 cut", reading((*Decoder).F64), []byte{1, 2, 3}, "f64 at byte 0: needs 8 bytes, 3 left"},
		{"string cut", reading((*Decoder).String), []byte{3, 'a', 'b'}, "string at byte 0: needs 3 bytes, 2 left"},
		{"string of 2^64-1", reading((*Decoder).String), ff(9, 1), "string at byte 0: needs 18446744073709551615 bytes, 0 left"},
		{"string not UTF-8", reading((*Decoder).String), []byte{3, 'a', 0xff, 'b'}, "string at byte 0: invalid UTF-8 in byte 1 of 3"},
		{"string of a surrogate", reading((*Decoder).String), []byte{3, 0xed, 0xa0, 0x80}, "string at byte 0: invalid UTF-8 in byte 0 of 3"},
		{"bytes cut", reading((*Decoder).Bytes), []byte{2, 0}, "bytes at byte 0: needs 2 bytes, 1 left"},
		{"view cut", reading((*Decoder).BytesView), []byte{2, 0}, "bytes at byte 0: needs 2 bytes, 1 left"},
		{"char of no character", reading((*Decoder).Char), []byte{0}, "char at byte 0: 0 bytes, its first character has 0"},
		{"char of two", reading((*Decoder).Char), []byte{2, 'a', 'b'}, "char at byte 0: 2 bytes, its first character has 1"},
		{"char not UTF-8", reading((*Decoder).Char), []byte{1, 0xff}, "char at byte 0: invalid UTF-8 in byte 0 of 1"},
		{"count of items", func(d *Decoder) { d.Len(2) }, []byte{3, 0, 0, 0, 0, 0}, "count at byte 0: count 3, at most 2 possible"},
		{"count of 2^64-1", func(d *Decoder) { d.Len(1) }, ff(9, 1), "count at byte 0: count 18446744073709551615, at most 0 possible"},
		{"count of units", units, AppendLen(nil, MaxZeroSizeItems+1), "count at byte 0: count 65537, at most 65536 possible"},
		{"trailing bytes", reading((*Decoder).U8), []byte{1, 2, 3}, "value at byte 1: 2 bytes after the end"},
		{"variant", func(d *Decoder) { d.FailVariant("Shape", d.Variant()) }, []byte{7}, "Shape at byte 1: no variant 7"},
		{"value", func(d *Decoder) { d.U8(); d.Fail(io.ErrNoProgress) }, []byte{7}, "value at byte 1: " + io.ErrNoProgress.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := after(c.read)(c.input)
			var fault *DecodeError
			require.ErrorAs(t, err, &fault)
			assert.EqualError(t, err, c.want)
		})
	}
}

func TestLargestAndPaddedVarintsAreAccepted(t *testing.T) {
	for _, c := range []struct {
		read  func(*Decoder)
		input []byte
	}{
		{reading((*Decoder).U16), zeros(2)},
		{reading((*Decoder).U32), zeros(4)},
		{reading((*Decoder).U64), zeros(9)},
		{func(d *Decoder) { d.U128() }, zeros(18)},
		{reading((*Decoder).U16), ff(2, 3)},
		{reading((*Decoder).U32), ff(4, 0x0f)},
		{reading((*Decoder).U64), ff(9, 1)},
		{func(d *Decoder) { d.U128() }, ff(18, 3)},
	} {
		assert.NoError(t, after(c.read)(c.input), "%x", c.input)
	}
}

func TestFirstFaultSticks(t *testing.T) {
	d := NewDecoder([]byte{9, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	assert.False(t, d.Bool())
	first := d.Err()
	require.Error(t, first)
	assert.Zero(t, d.U8())
	assert.Zero(t, d.U64())
	assert.Zero(t, d.F64())
	assert.Empty(t, d.String())
	assert.Nil(t, d.Bytes())
	assert.Nil(t, d.BytesView())
	assert.Zero(t, d.Char())
	assert.Zero(t, d.Len(0))
	assert.Empty(t, d.Rest())
	assert.Zero(t, d.Remaining())
	d.Fail(errors.New("later"))
	d.FailVariant("later", 1)
	assert.Same(t, first, d.Err())
	assert.Same(t, first, d.Finish())
}

func TestFailKeepsDecodeErrorsAndWrapsOthers(t *testing.T) {
	d := NewDecoder([]byte{1})
	d.Fail(nil)
	require.NoError(t, d.Err())
	d.Fail(io.ErrNoProgress)
	assert.ErrorIs(t, d.Err(), io.ErrNoProgress)

	own := &DecodeError{What: "own"}
	d = NewDecoder([]byte{1})
	d.Fail(own)
	assert.Same(t, own, d.Err())
}

func TestRestTakesWhatIsLeft(t *testing.T) {
	d := NewDecoder([]byte{1, 2, 3})
	d.U8()
	assert.Equal(t, 2, d.Remaining())
	assert.Equal(t, []byte{2, 3}, d.Rest())
	assert.NoError(t, d.Finish())
}

func TestZeroSizeItemsAreBoundedInAll(t *testing.T) {
	half := AppendLen(nil, MaxZeroSizeItems/2)
	d := NewDecoder(bytes.Repeat(half, 3))
	assert.Equal(t, MaxZeroSizeItems/2, d.Len(0))
	assert.Equal(t, MaxZeroSizeItems/2, d.Len(0))
	require.NoError(t, d.Err())
	assert.Zero(t, d.Len(0))
	assert.Error(t, d.Err())
}
