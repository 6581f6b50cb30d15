package wire

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func readVectors(tb testing.TB, file string, into any) {
	tb.Helper()
	text, err := os.ReadFile("testdata/" + file)
	require.NoError(tb, err)
	require.NoError(tb, json.Unmarshal(text, into))
}

func unhex(tb testing.TB, text string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(tb, err)
	return b
}

func postcardVectors(tb testing.TB) map[string][]byte {
	var file struct{ Postcard map[string]string }
	readVectors(tb, "postcard.json", &file)
	out := map[string][]byte{}
	for name, text := range file.Postcard {
		out[name] = unhex(tb, text)
	}
	return out
}

func messageVectors(tb testing.TB) map[string][]byte {
	var file struct {
		Messages map[string]struct{ Hex string }
	}
	readVectors(tb, "wire.json", &file)
	out := map[string][]byte{}
	for name, m := range file.Messages {
		out[name] = unhex(tb, m.Hex)
	}
	return out
}

type cobsVector struct{ raw, encoded, framed []byte }

func cobsVectors(tb testing.TB) map[string]cobsVector {
	var file struct {
		Cobs map[string]struct{ Raw, Encoded, Framed string }
	}
	readVectors(tb, "cobs.json", &file)
	out := map[string]cobsVector{}
	for name, v := range file.Cobs {
		out[name] = cobsVector{unhex(tb, v.Raw), unhex(tb, v.Encoded), unhex(tb, v.Framed)}
	}
	return out
}

// sample is a value of some type with both ways of its codec.
type sample struct {
	value  any
	encode func(b []byte) []byte
	decode func(d *Decoder) any
}

func of[T any](c Codec[T], v T) sample {
	return sample{
		value:  v,
		encode: func(b []byte) []byte { return appended(c, b, v) },
		decode: func(d *Decoder) any { return c.Decode(d) },
	}
}

func appended[T any](c Codec[T], b []byte, v T) []byte {
	e := NewEncoder(b)
	c.Encode(&e, v)
	return e.Buffer()
}

func listOf[T any](c Codec[T], minSize int) Codec[[]T] {
	return Codec[[]T]{
		Encode: func(e *Encoder, v []T) {
			e.Len(len(v))
			for _, item := range v {
				c.Encode(e, item)
			}
		},
		Decode: func(d *Decoder) []T {
			v := make([]T, d.Len(minSize))
			for i := range v {
				v[i] = c.Decode(d)
			}
			return v
		},
	}
}

func optionOf[T any](c Codec[T]) Codec[*T] {
	return Codec[*T]{
		Encode: func(e *Encoder, v *T) {
			if e.Option(v != nil); v != nil {
				c.Encode(e, *v)
			}
		},
		Decode: func(d *Decoder) *T {
			if !d.Option() {
				return nil
			}
			v := c.Decode(d)
			return &v
		},
	}
}

type pair[A, B any] struct {
	A A
	B B
}

func tupleOf[A, B any](a Codec[A], b Codec[B]) Codec[pair[A, B]] {
	return Codec[pair[A, B]]{
		Encode: func(e *Encoder, v pair[A, B]) {
			a.Encode(e, v.A)
			b.Encode(e, v.B)
		},
		Decode: func(d *Decoder) pair[A, B] { return pair[A, B]{a.Decode(d), b.Decode(d)} },
	}
}

// eitherOf is a Result: variant 0 holds an A, variant 1 a B.
func eitherOf[A, B any](a Codec[A], b Codec[B]) Codec[any] {
	return Codec[any]{
		Encode: func(e *Encoder, v any) {
			if v, ok := v.(A); ok {
				e.Variant(0)
				a.Encode(e, v)
				return
			}
			e.Variant(1)
			b.Encode(e, v.(B))
		},
		Decode: func(d *Decoder) any {
			switch i := d.Variant(); i {
			case 0:
				return a.Decode(d)
			case 1:
				return b.Decode(d)
			default:
				d.FailVariant("result", i)
				return nil
			}
		},
	}
}

func some[T any](v T) *T { return &v }

// failure is the error side of a result in the vectors.
type failure string

var failures = Codec[failure]{
	Encode: func(e *Encoder, v failure) { e.String(string(v)) },
	Decode: func(d *Decoder) failure { return failure(d.String()) },
}

func TestPostcardVectors(t *testing.T) {
	samples := maps.Clone(numberSamples)
	maps.Copy(samples, map[string]sample{
		"bool_false":         of(Bool, false),
		"bool_true":          of(Bool, true),
		"bytes_deadbeef":     of(Bytes, []byte{0xde, 0xad, 0xbe, 0xef}),
		"bytes_empty":        of(Bytes, []byte{}),
		"option_none_string": of(optionOf(String), nil),
		"option_none_u32":    of(optionOf(U32), nil),
		"option_some_string": of(optionOf(String), some("hello")),
		"option_some_u32_42": of(optionOf(U32), some[uint32](42)),
		"result_err_string":  of(eitherOf(String, failures), any(failure("error message"))),
		"result_ok_i64_42":   of(eitherOf(I64, failures), any(int64(42))),
		"result_ok_string":   of(eitherOf(String, failures), any("hello")),
		"string_empty":       of(String, ""),
		"string_hello":       of(String, "hello world"),
		"string_unicode":     of(String, "héllo 世界 🦀"),
		"tuple_i32_string":   of(tupleOf(I32, String), pair[int32, string]{42, "hello"}),
		"tuple_string_i32":   of(tupleOf(String, I32), pair[string, int32]{"hello", 42}),
		"vec_empty_u32":      of(listOf(U32, 1), []uint32{}),
		"vec_i32_neg1_0_1":   of(listOf(I32, 1), []int32{-1, 0, 1}),
		"vec_string":         of(listOf(String, 1), []string{"a", "b"}),
		"vec_u32_1_2_3":      of(listOf(U32, 1), []uint32{1, 2, 3}),
	})
	vectors := postcardVectors(t)
	assert.ElementsMatch(t, slices.Collect(maps.Keys(vectors)), slices.Collect(maps.Keys(samples)))
	for name, want := range vectors {
		t.Run(name, func(t *testing.T) {
			s, ok := samples[name]
			require.True(t, ok, "no sample of this name")
			assert.Equal(t, want, s.encode(nil))
			d := NewDecoder(want)
			assert.Equal(t, s.value, s.decode(&d))
			assert.NoError(t, d.Finish())
		})
	}
}

var numberSamples = map[string]sample{
	"f32_0": of(F32, 0), "f32_0_25": of(F32, 0.25), "f32_1": of(F32, 1), "f32_1_5": of(F32, 1.5), "f32_neg1": of(F32, -1),
	"f64_0": of(F64, 0), "f64_0_25": of(F64, 0.25), "f64_1": of(F64, 1), "f64_1_5": of(F64, 1.5), "f64_neg1": of(F64, -1),

	"i8_0": of(I8, 0), "i8_127": of(I8, 127), "i8_neg1": of(I8, -1), "i8_neg128": of(I8, -128),
	"i16_0": of(I16, 0), "i16_1": of(I16, 1), "i16_127": of(I16, 127), "i16_128": of(I16, 128),
	"i16_max": of(I16, 1<<15-1), "i16_min": of(I16, -1<<15), "i16_neg1": of(I16, -1),
	"i32_0": of(I32, 0), "i32_1": of(I32, 1), "i32_127": of(I32, 127), "i32_128": of(I32, 128),
	"i32_max": of(I32, 1<<31-1), "i32_min": of(I32, -1<<31), "i32_neg1": of(I32, -1), "i32_neg128": of(I32, -128),
	"i64_0": of(I64, 0), "i64_1": of(I64, 1), "i64_15": of(I64, 15), "i64_42": of(I64, 42),
	"i64_max": of(I64, 1<<63-1), "i64_min": of(I64, -1<<63), "i64_neg1": of(I64, -1),

	"u8_0": of(U8, 0), "u8_127": of(U8, 127), "u8_255": of(U8, 255),
	"u16_0": of(U16, 0), "u16_127": of(U16, 127), "u16_128": of(U16, 128),
	"u16_255": of(U16, 255), "u16_256": of(U16, 256), "u16_max": of(U16, 1<<16-1),
	"u32_0": of(U32, 0), "u32_1": of(U32, 1), "u32_127": of(U32, 127), "u32_128": of(U32, 128),
	"u32_255": of(U32, 255), "u32_256": of(U32, 256), "u32_max": of(U32, 1<<32-1),
	"u64_0": of(U64, 0), "u64_1": of(U64, 1), "u64_127": of(U64, 127), "u64_128": of(U64, 128),
	"u64_255": of(U64, 255), "u64_256": of(U64, 256), "u64_16383": of(U64, 16383), "u64_16384": of(U64, 16384),
	"u64_65535": of(U64, 65535), "u64_65536": of(U64, 65536), "u64_1048576": of(U64, 1048576), "u64_max": of(U64, 1<<64-1),
}
