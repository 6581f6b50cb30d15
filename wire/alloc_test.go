package wire

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func allocs(f func()) float64 { return testing.AllocsPerRun(100, f) }

func TestEncodersDoNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 4096)
	list := Metadata{{"key", StringValue("value")}, {"n", U64Value(1 << 40)}, {"b", BytesValue([]byte{1})}}
	metadata := AppendMetadata(nil, list)
	payload := bytes.Repeat([]byte{1, 0, 2}, 300)
	message := Message{Kind: KindRequest, ID: 1 << 60, Method: 1 << 63, Metadata: metadata, Payload: payload}
	var enc Encoder
	for name, f := range map[string]func(){
		"numbers": func() { AppendI128(AppendF64(AppendI64(AppendU64(buf, 1<<63), -5), 1.5), -1, 7) },
		"texts":   func() { AppendBytes(AppendChar(AppendString(buf, "héllo"), '🦀'), payload) },
		"codec":   func() { enc.Reset(buf); String.Encode(&enc, "text") },
		"message": func() { AppendMessage(buf, &message) },
		"framed":  func() { AppendMessageFrame(buf, &message) },
		"frame":   func() { AppendFrameParts(buf, payload, metadata, payload) },
		"list":    func() { AppendMetadata(buf, list) },
		"prefix":  func() { AppendMetadataPrefix(buf, metadata) },
	} {
		assert.Zero(t, allocs(f), name)
	}
}

func TestDecodersAllocateOnlyWhatTheyCopy(t *testing.T) {
	list := Metadata{{"key", StringValue("value")}, {"n", U64Value(1 << 40)}}
	metadata := AppendMetadata(nil, list)
	message := Message{Kind: KindRequest, ID: 1, Method: 2, Metadata: metadata, Payload: make([]byte, 500)}
	encoded := AppendMessage(nil, &message)
	frame := AppendFrame(nil, encoded)
	deframer := NewDeframer(len(encoded))
	hello := []byte("\x05hello")
	var sink string
	for name, c := range map[string]struct {
		want float64
		f    func()
	}{
		"message":  {0, func() { _, _ = DecodeMessage(encoded) }},
		"deframer": {0, func() { _, _, _, _ = deframer.Next(frame) }},
		"check":    {0, func() { _ = CheckMetadata(metadata) }},
		"number":   {0, func() { FindU64(metadata, "n") }},
		"no text":  {0, func() { FindString(metadata, "n") }},
		"text":     {1, func() { sink, _ = FindString(metadata, "key") }},
		"values": {0, func() {
			d := NewDecoder(encoded)
			d.U8()
			d.U64()
			d.BytesView()
			_ = d.Err()
		}},
		"string": {1, func() {
			d := NewDecoder(hello)
			sink = d.String()
		}},
	} {
		assert.Equal(t, c.want, allocs(c.f), name)
	}
	assert.NotEmpty(t, sink)
}

// allocated gives the heap bytes that f takes.
func allocated(f func()) uint64 {
	var start, end runtime.MemStats
	runtime.ReadMemStats(&start)
	f()
	runtime.ReadMemStats(&end)
	return end.TotalAlloc - start.TotalAlloc
}

func TestAnnouncedSizesAreNotAllocated(t *testing.T) {
	const bound = 1 << 20 // far under the sizes announced
	huge := AppendUvarint(nil, 1<<40)
	for name, f := range map[string]func() error{
		"string":   after(reading((*Decoder).String)).with(huge),
		"bytes":    after(reading((*Decoder).Bytes)).with(huge),
		"list":     after(reading(listOf(U64, 1).Decode)).with(huge),
		"units":    after(reading(listOf(Unit, 0).Decode)).with(huge),
		"metadata": func() error { _, err := DecodeMetadata(huge); return err },
		"payload":  func() error { _, err := DecodeMessage(append([]byte{5, 1}, huge...)); return err },
		"request":  func() error { _, err := DecodeMessage(append([]byte{2, 1, 1}, huge...)); return err },
		"prefix":   func() error { _, _, err := SplitMetadataPrefix(huge); return err },
	} {
		var err error
		assert.Less(t, allocated(func() { err = f() }), uint64(bound), name)
		require.Error(t, err, name)
	}
}
