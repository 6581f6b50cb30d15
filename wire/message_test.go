package wire

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMessageVectors(t *testing.T) {
	none := []byte{0}
	messages := map[string]Message{
		"message_cancel":        {Kind: KindCancel, ID: 99},
		"message_close":         {Kind: KindClose, ID: 7},
		"message_credit":        {Kind: KindCredit, ID: 3, Credit: 4096},
		"message_data":          {Kind: KindData, ID: 1, Payload: []byte{1, 2, 3}},
		"message_goodbye":       {Kind: KindGoodbye, Payload: []byte("test")},
		"message_hello_small":   {Kind: KindHello, Hello: Hello{MaxPayload: 1024, InitialCredit: 64}},
		"message_hello_typical": {Kind: KindHello, Hello: Hello{MaxPayload: 1 << 20, InitialCredit: 1 << 16}},
		"message_request_empty": {Kind: KindRequest, ID: 1, Method: 42, Metadata: none, Payload: []byte{}},
		"message_request_with_metadata": {
			Kind: KindRequest, ID: 5, Method: 100, Payload: []byte{},
			Metadata: AppendMetadata(nil, Metadata{{"key", StringValue("value")}}),
		},
		"message_request_with_payload": {
			Kind: KindRequest, ID: 1, Method: 42, Metadata: none, Payload: []byte{0xde, 0xad, 0xbe, 0xef},
		},
		"message_reset":    {Kind: KindReset, ID: 5},
		"message_response": {Kind: KindResponse, ID: 1, Metadata: none, Payload: []byte{0x42}},
	}
	vectors := messageVectors(t)
	// A Hello alone is what follows the message's own variant index.
	for alone, whole := range map[string]string{
		"hello_v1_small": "message_hello_small", "hello_v1_typical": "message_hello_typical",
	} {
		assert.Equal(t, vectors[whole][1:], vectors[alone])
		delete(vectors, alone)
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(vectors)), slices.Collect(maps.Keys(messages)))
	for name, want := range vectors {
		t.Run(name, func(t *testing.T) {
			m, ok := messages[name]
			require.True(t, ok, "no message of this name")
			assert.Equal(t, want, AppendMessage(nil, &m))
			assert.Equal(t, AppendFrame(nil, want), AppendMessageFrame(nil, &m))
			decoded, err := DecodeMessage(want)
			require.NoError(t, err)
			assert.Equal(t, m, decoded)
		})
	}
}

// randomMessage gives a message with just the fields of its kind, as decoding gives
// it.
func randomMessage(r *rand.Rand) Message {
	m := Message{Kind: Kind(r.Intn(kindCount)), ID: randomBits(r)}
	switch m.Kind {
	case KindHello:
		m.ID, m.Hello = 0, Hello{MaxPayload: uint32(randomBits(r)), InitialCredit: uint32(randomBits(r))}
	case KindGoodbye:
		m.ID, m.Payload = 0, []byte(randomText(r))
	case KindRequest:
		m.Method = randomBits(r)
		fallthrough
	case KindResponse:
		m.Metadata = AppendMetadata(nil, randomMetadata(r))
		fallthrough
	case KindData:
		m.Payload = randomBytes(r, r.Intn(600))
	case KindCredit:
		m.Credit = uint32(randomBits(r))
	}
	return m
}

func TestMessagesRoundTrip(t *testing.T) {
	r := rand.New(rand.NewSource(11))
	for range 5000 {
		m := randomMessage(r)
		encoded := AppendMessage(nil, &m)
		decoded, err := DecodeMessage(encoded)
		require.NoError(t, err)
		require.Equal(t, m, decoded)
		require.Equal(t, AppendFrame([]byte("x"), encoded), AppendMessageFrame([]byte("x"), &m))
		for _, cut := range []int{0, r.Intn(len(encoded)), len(encoded) - 1} {
			_, err := DecodeMessage(encoded[:cut])
			var fault *DecodeError
			require.ErrorAs(t, err, &fault)
		}
	}
}

func TestMutatedMessagesNeverPanic(t *testing.T) {
	r := rand.New(rand.NewSource(12))
	for range 20000 {
		m := randomMessage(r)
		encoded := AppendMessage(nil, &m)
		encoded[r.Intn(len(encoded))] ^= byte(1 << r.Intn(8))
		if m, err := DecodeMessage(encoded); err == nil {
			require.Less(t, m.Kind, Kind(kindCount))
			_ = CheckMetadata(m.Metadata) // any verdict will do
		}
	}
}

func TestMessagesThatAreRefused(t *testing.T) {
	request := func(metadata ...byte) []byte { return append([]byte{2, 1, 1}, metadata...) }
	for _, c := range []struct {
		name  string
		input []byte
		want  error
	}{
		{"unknown variant", []byte{9}, &UnknownVariantError{Variant: 9}},
		{"unknown variant of many bytes", []byte{0xff, 0xff, 0x03, 1}, &UnknownVariantError{Variant: 65535}},
		{"unknown hello version", []byte{0, 1, 0x80}, &UnknownHelloError{Version: 1}},
		{"nothing", nil, &DecodeError{What: "message variant", Fault: FaultTruncated, Value: 1}},
		{"variant over u32", ff(4, 0x10), &DecodeError{What: "message variant", Fault: FaultOverflow, Bound: 32}},
		{"hello limit over u32", append([]byte{0, 0}, ff(5, 0)...), &DecodeError{Offset: 2, What: "hello max payload", Fault: FaultOverflow, Bound: 32}},
		{"credit over u32", append([]byte{8, 1}, ff(5, 0)...), &DecodeError{Offset: 2, What: "credit", Fault: FaultOverflow, Bound: 32}},
		{"reason not UTF-8", []byte{1, 1, 0xff}, &DecodeError{Offset: 1, What: "goodbye reason", Fault: FaultUTF8, Value: 0, Bound: 1}},
		{"payload cut", []byte{5, 1, 3, 0}, &DecodeError{Offset: 2, What: "payload", Fault: FaultTruncated, Value: 3, Bound: 1}},
		{"trailing bytes", []byte{4, 1, 0}, &DecodeError{Offset: 2, What: "value", Fault: FaultTrailing, Value: 1}},
		{"metadata count", request(2, 0, 2, 0, 0), &DecodeError{Offset: 3, What: "count", Fault: FaultCount, Value: 2, Bound: 1}},
		{"metadata value kind", request(1, 0, 3, 0, 0), &DecodeError{Offset: 5, What: "metadata value", Fault: FaultVariant, Value: 3}},
		{"metadata key", request(1, 1, 0xff, 2, 0, 0), &DecodeError{Offset: 4, What: "metadata key", Fault: FaultUTF8, Bound: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := DecodeMessage(c.input)
			assert.Equal(t, c.want, err)
			assert.Zero(t, m)
			assert.NotEmpty(t, err.Error())
		})
	}
}

func TestMessageErrorsNameWhatIsWrong(t *testing.T) {
	assert.EqualError(t, &UnknownVariantError{Variant: 9}, "message variant 9, want 0 to 8")
	assert.EqualError(t, &UnknownHelloError{Version: 3}, "hello variant 3, want 0 (V1)")
}

func TestMessagesOverMetadataLimitsDecode(t *testing.T) {
	m := Message{Kind: KindRequest, Metadata: AppendMetadata(nil, make(Metadata, MaxMetadataEntries+1)), Payload: []byte{}}
	decoded, err := DecodeMessage(AppendMessage(nil, &m))
	require.NoError(t, err)
	assert.Equal(t, m, decoded)
}

func TestDecodedMessageAliasesItsInput(t *testing.T) {
	m := Message{Kind: KindResponse, ID: 1, Metadata: AppendMetadata(nil, Metadata{{"k", U64Value(1)}}), Payload: []byte("result")}
	input := AppendMessage(nil, &m)
	decoded, err := DecodeMessage(input)
	require.NoError(t, err)
	clear(input)
	assert.Equal(t, make([]byte, len(m.Metadata)), decoded.Metadata)
	assert.Equal(t, make([]byte, len(m.Payload)), decoded.Payload)
	assert.Equal(t, len(decoded.Metadata), cap(decoded.Metadata), "append must not reach the payload")
}

func TestGoodbyeReasonGoesOutAsValidUTF8(t *testing.T) {
	m := Message{Kind: KindGoodbye, Payload: []byte("cut \xe4\xb8")}
	encoded := AppendMessage(nil, &m)
	assert.Equal(t, AppendFrame(nil, encoded), AppendMessageFrame(nil, &m))
	decoded, err := DecodeMessage(encoded)
	require.NoError(t, err)
	assert.Equal(t, "cut \uFFFD", string(decoded.Payload))
}

func TestOnlyTheFieldsOfTheKindAreEncoded(t *testing.T) {
	full := Message{ID: 1, Method: 2, Metadata: []byte{0}, Payload: []byte{3}, Credit: 4, Hello: Hello{0, 5, 6}}
	for kind, want := range [kindCount][]byte{
		{0, 0, 5, 6}, {1, 1, 3}, {2, 1, 2, 0, 1, 3}, {3, 1, 0, 1, 3}, {4, 1}, {5, 1, 1, 3}, {6, 1}, {7, 1}, {8, 1, 4},
	} {
		full.Kind = Kind(kind)
		assert.Equal(t, want, AppendMessage(nil, &full), full.Kind.String())
	}
}

func TestKindsHaveTheirNames(t *testing.T) {
	var names []string
	for k := range Kind(kindCount + 1) {
		names = append(names, fmt.Sprint(k))
	}
	assert.Equal(t, []string{
		"Hello", "Goodbye", "Request", "Response", "Cancel", "Data", "Close", "Reset", "Credit", "Kind(9)",
	}, names)
}

func TestEncodingAnUnknownKindPanics(t *testing.T) {
	assert.PanicsWithValue(t, "wire: encode message: no kind 9", func() { AppendMessage(nil, &Message{Kind: kindCount}) })
}
