package stream

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// script reads as pieces of given sizes, takes what is written, and then ends.
type script struct {
	bytes []byte
	sizes []byte
	at    int
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.bytes) == 0 {
		return 0, io.EOF
	}
	size := len(s.bytes)
	if len(s.sizes) > 0 {
		size = 1 + int(s.sizes[s.at%len(s.sizes)])
		s.at++
	}
	n := copy(p, s.bytes[:min(size, len(s.bytes))])
	s.bytes = s.bytes[n:]
	return n, nil
}

func (s *script) Write(p []byte) (int, error) { return len(p), nil }
func (s *script) Close() error                { return nil }

// Whatever bytes come, in whatever pieces, gives the messages that a Deframer and
// DecodeMessage see in them, then an error, and never more than the limit.
func FuzzStream(f *testing.F) {
	f.Add([]byte{}, []byte{}, uint16(100))
	f.Add(frames(data(1, []byte{0, 1}), data(2, nil)), []byte{0}, uint16(100))
	f.Add(frames(data(1, make([]byte, 600))), []byte{255, 3}, uint16(500))
	f.Add([]byte{0, 0, 0}, []byte{1}, uint16(0))
	f.Add(append(frames(data(1, nil)), 255, 5, 1, 2), []byte{4}, uint16(20))
	f.Add(bytes.Repeat([]byte{255}, 10_000), []byte{200}, uint16(1000))
	f.Fuzz(func(t *testing.T, input, sizes []byte, limit uint16) {
		want := decodeAll(input, int(limit))
		c := New(&script{bytes: input, sizes: sizes}, int(limit))
		batch := make([]transport.Arrival, 3)
		var got [][]byte
		var err error
		for err == nil {
			var n int
			n, err = receive(c, batch)
			for i := range batch[:n] {
				require.LessOrEqual(t, len(batch[i].Payload), int(limit))
				got = append(got, wire.AppendMessage(nil, &batch[i].Message))
			}
		}
		require.Equal(t, want, got)
		require.Equal(t, err, c.Wait(true))
		require.NoError(t, c.Close(context.Background()))
	})
}

// decodeAll decodes messages up to the first fault, the simple way.
func decodeAll(input []byte, limit int) (messages [][]byte) {
	d := wire.NewDeframer(limit)
	for {
		frame, rest, ok, err := d.Next(input)
		if !ok || err != nil {
			return messages
		}
		m, err := wire.DecodeMessage(frame)
		if err != nil {
			return messages
		}
		messages = append(messages, wire.AppendMessage(nil, &m))
		input = rest
	}
}
