package wire

import (
	"bytes"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
)

// again decodes a value and appends its encoding.
type again func(d *Decoder, b []byte) []byte

func againOf[T any](c Codec[T]) again {
	return func(d *Decoder, b []byte) []byte {
		v := c.Decode(d)
		if d.Err() != nil {
			return b
		}
		return appended(c, b, v)
	}
}

var agains = []again{
	againOf(Bool), againOf(CharCodec), againOf(U8), againOf(U16), againOf(U32), againOf(U64), againOf(U128),
	againOf(I8), againOf(I16), againOf(I32), againOf(I64), againOf(I128), againOf(F32), againOf(F64), againOf(Int), againOf(Uint), againOf(Time), againOf(Duration),
	againOf(String), againOf(Bytes), againOf(Unit), againOf(optionOf(String)), againOf(listOf(U64, 1)),
	againOf(listOf(Unit, 0)), againOf(listOf(tupleOf(I32, String), 2)), againOf(eitherOf(I64, failures)),
}

// reencode decodes the values that script names, one byte each.
func reencode(script, input []byte) ([]byte, error) {
	d := NewDecoder(input)
	var b []byte
	for _, s := range script {
		b = agains[int(s)%len(agains)](&d, b)
	}
	return b, d.Finish()
}

func FuzzPostcard(f *testing.F) {
	for i := range agains {
		for _, input := range postcardVectors(f) {
			if _, err := reencode([]byte{byte(i)}, input); err == nil {
				f.Add([]byte{byte(i)}, input)
				break
			}
		}
	}
	f.Add([]byte{5, 14, 20}, []byte{0xff, 0x01, 1, 'x', 1, 2, 1, 'y'})
	f.Fuzz(func(t *testing.T, script, input []byte) {
		script = script[:min(len(script), 100)]
		first, err := reencode(script, input)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.LessOrEqual(t, len(first), len(input), "encoders write the shortest form")
		second, err := reencode(script, first)
		require.NoError(t, err)
		require.True(t, bytes.Equal(first, second))
	})
}

func FuzzMessage(f *testing.F) {
	for _, m := range messageVectors(f) {
		f.Add(m)
	}
	f.Add([]byte{0, 1})
	f.Add([]byte{9})
	f.Fuzz(func(t *testing.T, input []byte) {
		m, err := DecodeMessage(input)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		encoded := AppendMessage(nil, &m)
		require.LessOrEqual(t, len(encoded), len(input))
		second, err := DecodeMessage(encoded)
		require.NoError(t, err)
		require.Equal(t, m, second)
		require.Equal(t, AppendFrame(nil, encoded), AppendMessageFrame(nil, &m))
	})
}

func FuzzCOBS(f *testing.F) {
	for _, v := range cobsVectors(f) {
		f.Add(v.raw, uint16(2))
		f.Add(v.framed, uint16(3))
	}
	for _, n := range runs[:11] {
		f.Add(bytes.Repeat([]byte{1}, n), uint16(254))
	}
	f.Fuzz(func(t *testing.T, input []byte, cut uint16) {
		// As what is to be sent: it follows the definition and comes back.
		frame := AppendFrame(nil, input)
		require.True(t, bytes.Equal(append(definition(input), 0), frame))
		at := min(int(cut), len(input))
		require.True(t, bytes.Equal(frame, AppendFrameParts(nil, input[:at], input[at:])))
		at = min(int(cut), len(frame))
		frames, err := feed(NewDeframer(len(input)), frame[:at], frame[at:])
		require.NoError(t, err)
		require.Len(t, frames, 1)
		require.True(t, bytes.Equal(input, frames[0]))

		// As what came: the deframer agrees with the decoder of whole frames.
		at = min(int(cut), len(input))
		frames, err = feed(NewDeframer(len(input)+maxBlock), input[:at], input[at:])
		for _, encoded := range bytes.SplitAfter(input, []byte{delimiter}) {
			encoded, whole := bytes.CutSuffix(encoded, []byte{delimiter})
			if !whole {
				break
			}
			want, wantErr := DecodeFrame(nil, encoded)
			if wantErr != nil {
				require.Equal(t, wantErr, err)
				require.Empty(t, frames)
				return
			}
			require.NotEmpty(t, frames)
			require.True(t, bytes.Equal(want, frames[0]))
			frames = frames[1:]
		}
		require.Empty(t, frames)
	})
}

func FuzzMetadata(f *testing.F) {
	r := rand.New(rand.NewSource(51))
	for range 5 {
		f.Add(AppendMetadata(nil, randomMetadata(r)), "a")
	}
	f.Add(AppendMetadata(nil, make(Metadata, MaxMetadataEntries+1)), "")
	f.Add(AppendMetadata(nil, Metadata{{"a", U64Value(1)}, {"a", StringValue("x")}}), "a")
	f.Fuzz(func(t *testing.T, input []byte, key string) {
		m, err := DecodeMetadata(input)
		checked := CheckMetadata(input)
		if err != nil {
			require.Equal(t, err, checked)
			return
		}
		if checked != nil {
			require.IsType(t, (*MetadataLimitError)(nil), checked)
		}
		v, _ := m.Get(key)
		number, isNumber := FindU64(input, key)
		wantNumber, _ := v.U64()
		require.Equal(t, wantNumber, number)
		text, isText := FindString(input, key)
		wantText, _ := v.Text()
		require.Equal(t, wantText, text)
		require.False(t, isNumber && isText)

		encoded := AppendMetadata(nil, m)
		again, err := DecodeMetadata(encoded)
		require.NoError(t, err)
		require.Equal(t, m, again)
		metadata, rest, err := SplitMetadataPrefix(append(AppendMetadataPrefix(nil, encoded), input...))
		require.NoError(t, err)
		require.Equal(t, encoded, metadata)
		require.True(t, bytes.Equal(input, rest))
	})
}
