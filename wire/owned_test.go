package wire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOwningDecoderCopiesOnlyWhatIsSmall: a large value is the input itself, and a small
// one keeps nothing of it.
func TestOwningDecoderCopiesOnlyWhatIsSmall(t *testing.T) {
	text := strings.Repeat("x", 400)
	input := AppendString(AppendBytes(AppendBytes(nil, []byte("small")), make([]byte, 400)), text)
	d := owning(input)
	small, large, kept := d.Bytes(), d.Bytes(), d.String()
	require.NoError(t, d.Finish())
	assert.Equal(t, len(large), cap(large), "append to it must not reach what follows it")
	clear(input)
	assert.Equal(t, "small", string(small))
	assert.Equal(t, strings.Repeat("\x00", 400), kept)
	large[0] = 7
	assert.Contains(t, input, byte(7))
}

// TestOwnerOfAllHasTheCapacity: a []byte that is all that was given away of the input
// comes with what lies behind it, and no other does.
func TestOwnerOfAllHasTheCapacity(t *testing.T) {
	large := make([]byte, 400)
	room := func(b []byte) []byte { return append(make([]byte, 0, 2000), b...) }

	input := room(AppendBytes(AppendString(nil, "small"), large))
	d := owning(input)
	_ = d.String()
	got := d.Bytes()
	require.NoError(t, d.Finish())
	assert.Len(t, got, 400)
	assert.Equal(t, cap(input)-len(input)+400, cap(got))

	input = room(AppendBytes(AppendString(nil, strings.Repeat("x", 400)), large))
	d = owning(input)
	_ = d.String()
	got = d.Bytes()
	require.NoError(t, d.Finish())
	assert.Equal(t, 400, cap(got), "the string lies in the same memory")

	input = room(append(AppendBytes(nil, large), 7))
	d = owning(input)
	assert.Equal(t, 400, cap(d.Bytes()), "something follows")
}

func TestOwningDecoderOfEmptyValues(t *testing.T) {
	d := owning([]byte{0, 0})
	assert.Empty(t, d.String())
	assert.NotNil(t, d.Bytes())
	require.NoError(t, d.Finish())
}

func TestEncoderRefersToLargeValues(t *testing.T) {
	large, text := bytes.Repeat([]byte{7}, 5000), strings.Repeat("t", 5000)
	whole := AppendString(AppendBytes([]byte{1}, large), text)

	var e Encoder
	e.U8(1)
	e.Bytes(large)
	head, tail := e.Parts()
	assert.Len(t, head, 1+2)
	require.NotEmpty(t, tail)
	assert.Same(t, &large[0], &tail[0])
	e.String(text) // what came before is copied now
	head, tail = e.Parts()
	assert.Equal(t, whole, append(append([]byte(nil), head...), tail...))
	assert.Equal(t, whole, e.Buffer())
	e.U8(9)
	assert.Equal(t, append(whole, 9), e.Buffer())

	e.Reset(nil)
	e.String(text + "\xff") // is not sent as it is
	_, tail = e.Parts()
	assert.Empty(t, tail)
	assert.Equal(t, AppendString(nil, text+"\uFFFD"), e.Buffer())
}

func TestMessageWithATailIsThatOfOnePayload(t *testing.T) {
	whole := Message{Kind: KindRequest, ID: 1, Method: 2, Payload: []byte("head and \x00 tail")}
	parts := whole
	parts.Payload, parts.Tail = whole.Payload[:5], whole.Payload[5:]
	assert.Equal(t, AppendMessage(nil, &whole), AppendMessage(nil, &parts))
	assert.Equal(t, AppendMessageFrame(nil, &whole), AppendMessageFrame(nil, &parts))
	assert.Equal(t, len(whole.Payload), parts.PayloadSize())
}

// TestBorrowingDecoderCopiesAllButBytes: what is not a []byte stays as it was checked,
// whatever others write to the input.
func TestBorrowingDecoderCopiesAllButBytes(t *testing.T) {
	long := strings.Repeat("x", 400)
	input := AppendString(AppendString(AppendBytes(nil, []byte("data")), long), "")
	input = AppendBytes(append(AppendChar(input, 'c'), "raw!"...), nil)
	d := NewBorrowingDecoder(input)
	data, text, empty, char := d.Bytes(), d.String(), d.String(), d.Char()
	var raw [4]byte
	d.Raw(raw[:])
	none := d.Bytes()
	require.NoError(t, d.Finish())
	assert.Equal(t, 4, cap(data))
	assert.NotNil(t, none)
	clear(input)
	assert.Equal(t, make([]byte, 4), data)
	assert.Equal(t, long, text)
	assert.Empty(t, empty)
	assert.Equal(t, Char('c'), char)
	assert.Equal(t, "raw!", string(raw[:]))

	d = NewBorrowingDecoder([]byte{1, 0xff})
	assert.Empty(t, d.String())
	require.ErrorContains(t, d.Err(), "UTF-8")
}

func owning(input []byte) (d Decoder) {
	d.Reset(input, true)
	return d
}
