package wire

import (
	"bytes"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCOBSVectors(t *testing.T) {
	for name, v := range cobsVectors(t) {
		t.Run(name, func(t *testing.T) {
			framed := AppendFrame(nil, v.raw)
			assert.Equal(t, append(bytes.Clone(v.encoded), 0), framed)
			if len(v.framed) > 0 {
				assert.Equal(t, v.framed, framed)
			}
			decoded, err := DecodeFrame([]byte{}, v.encoded)
			require.NoError(t, err)
			assert.Equal(t, v.raw, decoded)
		})
	}
}

// definition encodes by the definition: a zero is added to raw, which is then cut
// after each zero and after 254 bytes without one; a piece that ends in a zero loses
// it and gets its length with it as its code, a full piece gets 255.
func definition(raw []byte) []byte {
	if len(raw) == 0 {
		return nil
	}
	rest := append(bytes.Clone(raw), 0)
	var out []byte
	for len(rest) > 0 {
		n := bytes.IndexByte(rest, 0)
		if n < maxBlock {
			out = append(append(out, byte(n+1)), rest[:n]...)
			rest = rest[n+1:]
			continue
		}
		out = append(append(out, maxCode), rest[:maxBlock]...)
		rest = rest[maxBlock:]
		if len(rest) == 1 { // only the added zero: the full block ends the frame
			break
		}
	}
	return out
}

// randomRaw gives bytes with zeros from dense to none.
func randomRaw(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	oneIn := 1 + r.Intn(600)
	for i := range b {
		if r.Intn(oneIn) != 0 {
			b[i] = byte(1 + r.Intn(255))
		}
	}
	return b
}

// runs are the lengths at which the cutting into blocks changes.
var runs = []int{0, 1, 2, 253, 254, 255, 256, 507, 508, 509, 510, 761, 762, 763, 1016, 5000}

func rawSamples(r *rand.Rand) [][]byte {
	var samples [][]byte
	for _, n := range runs {
		full := bytes.Repeat([]byte{0xAA}, n)
		zero := []byte{0}
		samples = append(samples, full, bytes.Join([][]byte{full, nil}, zero), bytes.Join([][]byte{nil, full}, zero),
			bytes.Join([][]byte{full, full}, zero), make([]byte, n))
	}
	for range 500 {
		samples = append(samples, randomRaw(r, r.Intn(1200)))
	}
	return samples
}

func TestFramesFollowTheDefinition(t *testing.T) {
	for _, raw := range rawSamples(rand.New(rand.NewSource(21))) {
		frame := AppendFrame([]byte("before"), raw)
		want := append(append([]byte("before"), definition(raw)...), 0)
		require.Equal(t, want, frame)
		encoded := frame[len("before") : len(frame)-1]
		require.Equal(t, -1, bytes.IndexByte(encoded, 0))
		require.LessOrEqual(t, len(encoded)+1, MaxFrameLen(len(raw)))
		decoded, err := DecodeFrame([]byte("x"), encoded)
		require.NoError(t, err)
		require.Equal(t, append([]byte("x"), raw...), decoded)
		inPlace, err := DecodeFrame(encoded[:0], encoded)
		require.NoError(t, err)
		require.True(t, bytes.Equal(raw, inPlace))
	}
}

func TestPartsMakeTheSameFrame(t *testing.T) {
	r := rand.New(rand.NewSource(22))
	for _, raw := range rawSamples(r) {
		var parts [][]byte
		for rest := raw; len(rest) > 0; {
			n := r.Intn(min(len(rest), 400) + 1)
			parts = append(parts, rest[:n])
			rest = rest[n:]
		}
		require.Equal(t, AppendFrame(nil, raw), AppendFrameParts(nil, parts...))
	}
}

func TestOtherEncodersFramesDecode(t *testing.T) {
	full := bytes.Repeat([]byte{7}, maxBlock)
	for name, c := range map[string]struct{ encoded, raw []byte }{
		"empty as one block":           {[]byte{1}, nil},
		"empty block after a full one": {append(append([]byte{maxCode}, full...), 1), full},
	} {
		t.Run(name, func(t *testing.T) {
			assert.LessOrEqual(t, len(c.encoded)+1, MaxFrameLen(len(c.raw)))
			decoded, err := DecodeFrame(nil, c.encoded)
			require.NoError(t, err)
			assert.Equal(t, c.raw, decoded)
			frame, rest, ok, err := NewDeframer(len(c.raw)).Next(append(c.encoded, 0))
			require.NoError(t, err)
			assert.True(t, ok)
			assert.Empty(t, rest)
			assert.True(t, bytes.Equal(c.raw, frame))
		})
	}
}

func TestFramesThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		encoded []byte
		want    string
	}{
		{"block cut", []byte{2, 1, 4, 1, 2}, "COBS block at byte 2: needs 3 bytes, 2 left"},
		{"block missing", []byte{255}, "COBS block at byte 0: needs 254 bytes, 0 left"},
		{"zero in a block", []byte{1, 4, 9, 0, 9}, "COBS block at byte 1: needs 3 bytes, 1 left"},
		{"delimiter and more", []byte{2, 1, 0, 5}, "COBS frame at byte 2: 2 bytes after the end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			decoded, err := DecodeFrame(nil, c.encoded)
			var fault *DecodeError
			require.ErrorAs(t, err, &fault)
			assert.EqualError(t, err, c.want)
			assert.Nil(t, decoded)
		})
	}
}
