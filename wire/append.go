package wire

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// AppendUvarint appends v as LEB128: seven bits a byte, the low ones first. It is
// the encoding of u16 to u64, of lengths, counts and variant indices.
func AppendUvarint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// UvarintLen is the number of bytes, 1 to 10, that AppendUvarint appends for v.
func UvarintLen(v uint64) int {
	return (bits.Len64(v|1) + 6) / 7
}

// AppendBool appends 00 or 01.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// AppendU32 appends v as a varint of 1 to 5 bytes.
func AppendU32(b []byte, v uint32) []byte { return AppendUvarint(b, uint64(v)) }

// AppendU64 appends v as a varint of 1 to 10 bytes.
func AppendU64(b []byte, v uint64) []byte { return AppendUvarint(b, v) }

// AppendI64 appends v, zigzag, as a varint of 1 to 10 bytes. Zigzag of a smaller
// signed type is the same number: the smaller types are encoded by this too.
func AppendI64(b []byte, v int64) []byte {
	return AppendUvarint(b, uint64(v)<<1^uint64(v>>63))
}

// AppendU128 appends hi<<64 + lo as a varint of 1 to 19 bytes.
func AppendU128(b []byte, hi, lo uint64) []byte {
	for hi != 0 {
		b = append(b, byte(lo)|0x80)
		lo = lo>>7 | hi<<57
		hi >>= 7
	}
	return AppendUvarint(b, lo)
}

// AppendI128 appends hi<<64 + lo, two's complement, zigzag, as a varint of 1 to 19
// bytes.
func AppendI128(b []byte, hi int64, lo uint64) []byte {
	sign := uint64(hi >> 63)
	return AppendU128(b, (uint64(hi)<<1|lo>>63)^sign, lo<<1^sign)
}

// AppendF32 appends the 4 bytes of the IEEE 754 form, little-endian.
func AppendF32(b []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
}

// AppendF64 appends the 8 bytes of the IEEE 754 form, little-endian.
func AppendF64(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}

// AppendChar appends v as a string of that one character. What is no Unicode scalar
// value (a surrogate, a number out of range) goes out as U+FFFD.
func AppendChar(b []byte, v rune) []byte {
	at := len(b)
	b = utf8.AppendRune(append(b, 0), v)
	b[at] = byte(len(b) - at - 1)
	return b
}

// AppendString appends length and bytes. A decoder on the other side refuses invalid
// UTF-8, and over a channel or as metadata that would cost the connection, so
// each run of invalid bytes goes out as U+FFFD (3 bytes).
func AppendString(b []byte, v string) []byte {
	if !utf8.ValidString(v) {
		v = strings.ToValidUTF8(v, "\uFFFD")
	}
	b = AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

// AppendBytes appends length and bytes.
func AppendBytes(b, v []byte) []byte {
	b = AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

// AppendLen appends the count of a list, set or map; n items follow. n is not
// negative.
func AppendLen(b []byte, n int) []byte { return AppendUvarint(b, uint64(n)) }

// AppendVariant appends the index of an enum's variant; its payload follows.
func AppendVariant(b []byte, index uint32) []byte { return AppendUvarint(b, uint64(index)) }
