package wire

import (
	"bytes"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// feed gives the pieces to f one after the other and collects copies of the frames.
func feed(f *Deframer, pieces ...[]byte) (frames [][]byte, err error) {
	for _, p := range pieces {
		for len(p) > 0 {
			frame, rest, ok, err := f.Next(p)
			if err != nil {
				return frames, err
			}
			if ok {
				frames = append(frames, append([]byte{}, frame...))
			}
			p = rest
		}
	}
	return frames, nil
}

// streamOfFrames holds every kind of block end.
func streamOfFrames() (stream []byte, frames [][]byte) {
	run := bytes.Repeat([]byte{5}, 600)
	frames = [][]byte{
		{1}, {0}, {}, {0, 0, 1, 0}, run[:253], run[:254], run[:255], run[:508],
		bytes.Join([][]byte{run[:254], run[:3], nil}, []byte{0}), []byte("last"),
	}
	for _, f := range frames {
		stream = AppendFrame(stream, f)
	}
	return stream, frames
}

func TestDeframerAtEverySplit(t *testing.T) {
	stream, want := streamOfFrames()
	for cut := range len(stream) + 1 {
		got, err := feed(NewDeframer(508), stream[:cut], stream[cut:])
		require.NoError(t, err)
		require.Equal(t, want, got, "cut at %d", cut)
	}
	var single [][]byte
	for i := range stream {
		single = append(single, stream[i:i+1])
	}
	got, err := feed(NewDeframer(508), single...)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestDeframerAtRandomSplits(t *testing.T) {
	r := rand.New(rand.NewSource(31))
	for range 300 {
		var stream []byte
		var want [][]byte
		for range 1 + r.Intn(10) {
			raw := randomRaw(r, r.Intn(1200))
			want = append(want, raw)
			stream = AppendFrame(stream, raw)
		}
		var pieces [][]byte
		for rest := stream; len(rest) > 0; {
			n := r.Intn(min(len(rest), 700) + 1)
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		got, err := feed(NewDeframer(1200), pieces...)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestDeframerAgreesWithDecodeFrame(t *testing.T) {
	r := rand.New(rand.NewSource(32))
	for range 5000 {
		frame := AppendFrame(nil, randomRaw(r, 1+r.Intn(600)))
		frame[r.Intn(len(frame)-1)] ^= byte(1 << r.Intn(8))
		end := bytes.IndexByte(frame, 0)
		want, wantErr := DecodeFrame([]byte{}, frame[:end])
		cut := r.Intn(end + 1)
		got, err := feed(NewDeframer(2000), frame[:cut], frame[cut:end+1])
		require.Equal(t, wantErr, err)
		if err == nil {
			require.Equal(t, [][]byte{want}, got)
		}
	}
}

func TestFrameOfTheLimitPassesAndOneMoreByteDoesNot(t *testing.T) {
	for _, limit := range []int{1, 10, 253, 254, 255, 508, 1000} {
		for name, raw := range map[string][]byte{
			"no zeros": bytes.Repeat([]byte{1}, limit+1), "zeros": make([]byte, limit+1),
			"zero last": append(bytes.Repeat([]byte{1}, limit), 0),
		} {
			frames, err := feed(NewDeframer(limit), AppendFrame(nil, raw[:limit]))
			require.NoError(t, err)
			require.Equal(t, [][]byte{raw[:limit]}, frames)

			_, err = feed(NewDeframer(limit), AppendFrame(nil, raw))
			var size *FrameSizeError
			require.ErrorAs(t, err, &size, "%s, limit %d", name, limit)
			require.Equal(t, limit, size.Limit)
			require.Equal(t, limit+1, size.Size)
		}
	}
	assert.EqualError(t, &FrameSizeError{Size: 11, Limit: 10}, "frame of at least 11 bytes, limit 10")
}

func TestEndlessFrameTakesNoMoreThanTheLimit(t *testing.T) {
	const limit = 10000
	f := NewDeframer(limit)
	block := append([]byte{maxCode}, bytes.Repeat([]byte{1}, maxBlock)...)
	var err error
	for blocks := 0; err == nil; blocks++ {
		require.LessOrEqual(t, blocks, limit/maxBlock)
		_, _, _, err = f.Next(block)
	}
	var size *FrameSizeError
	require.ErrorAs(t, err, &size)
	assert.LessOrEqual(t, len(f.buf), limit)
}

func TestDeframerErrorsStick(t *testing.T) {
	f := NewDeframer(100)
	_, err := feed(f, []byte{3, 1, 0})
	assert.EqualError(t, err, "COBS block at byte 0: needs 2 bytes, 1 left")
	_, rest, ok, again := f.Next([]byte{2, 1, 0})
	assert.Same(t, err, again)
	assert.False(t, ok)
	assert.Empty(t, rest)
}

func TestFrameLivesUntilTheNextUnlessReplaced(t *testing.T) {
	one, two := AppendFrame(nil, []byte("one")), AppendFrame(nil, []byte("two"))
	f := NewDeframer(10)
	first, _, ok, err := f.Next(one)
	require.True(t, ok)
	require.NoError(t, err)
	second, _, _, err := f.Next(two)
	require.NoError(t, err)
	assert.Equal(t, "two", string(second))
	assert.Equal(t, "two", string(first), "the buffer is used again")

	f.Replace(make([]byte, 3, 8))
	third, _, ok, err := f.Next(one)
	require.True(t, ok)
	require.NoError(t, err)
	assert.Equal(t, "one", string(third))
	assert.Equal(t, "two", string(second), "the frame became the caller's")
}

func TestPartialIsTheMiddleOfAFrame(t *testing.T) {
	f := NewDeframer(10)
	assert.False(t, f.Partial())
	frame := AppendFrame(nil, []byte("abc"))
	for i := range frame {
		_, _, ok, err := f.Next(frame[i : i+1])
		require.NoError(t, err)
		assert.Equal(t, i == len(frame)-1, ok)
		assert.Equal(t, !ok, f.Partial())
	}
}

func TestLargeFrameInSmallPieces(t *testing.T) {
	raw := randomRaw(rand.New(rand.NewSource(33)), 1<<20)
	var pieces [][]byte
	for rest := AppendFrame(nil, raw); len(rest) > 0; {
		n := min(7, len(rest))
		pieces = append(pieces, rest[:n])
		rest = rest[n:]
	}
	frames, err := feed(NewDeframer(len(raw)), pieces...)
	require.NoError(t, err)
	require.Len(t, frames, 1)
	assert.True(t, bytes.Equal(raw, frames[0]))
}
