package wire

import (
	"bytes"
	"math/rand"
	"testing"
)

func benchRequest(payload int) Message {
	return Message{Kind: KindRequest, ID: 1000, Method: 0x9e3779b97f4a7c15, Payload: bytes.Repeat([]byte{7}, payload)}
}

func BenchmarkAppendMessage(b *testing.B) {
	m := benchRequest(64)
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		AppendMessage(buf, &m)
	}
}

func BenchmarkDecodeMessage(b *testing.B) {
	m := benchRequest(64)
	encoded := AppendMessage(nil, &m)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeMessage(encoded); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendMessageFrame(b *testing.B) {
	m := benchRequest(64)
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		AppendMessageFrame(buf, &m)
	}
}

func BenchmarkPostcardStruct(b *testing.B) {
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendU32(buf[:0], 7)
		buf = AppendI64(buf, -123456789)
		buf = AppendF64(buf, 1.5)
		buf = AppendString(buf, "a short name")
		buf = AppendBool(buf, false)
		d := NewDecoder(buf)
		d.U32()
		d.I64()
		d.F64()
		d.BytesView()
		d.Option()
		if err := d.Finish(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCOBS frames and unframes 64 KiB: without zeros, as random bytes, and as
// small numbers in wide fields, most of whose bytes are zero.
func BenchmarkCOBS(b *testing.B) {
	const size = 64 << 10
	random := randomBytes(rand.New(rand.NewSource(61)), size)
	sparse := make([]byte, size)
	for i := 0; i < size; i += 4 {
		sparse[i] = byte(i)
	}
	for name, raw := range map[string][]byte{
		"no-zeros": bytes.Repeat([]byte{1}, size), "random": random, "mostly-zeros": sparse,
	} {
		frame := AppendFrame(nil, raw)
		b.Run("encode/"+name, func(b *testing.B) {
			buf := make([]byte, 0, MaxFrameLen(size))
			b.SetBytes(size)
			for b.Loop() {
				AppendFrame(buf, raw)
			}
		})
		b.Run("decode/"+name, func(b *testing.B) {
			f := NewDeframer(size)
			b.SetBytes(size)
			for b.Loop() {
				if _, _, ok, err := f.Next(frame); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
