package wire

import (
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
	d := NewOwningDecoder(input)
	small, large, kept := d.Bytes(), d.Bytes(), d.String()
	require.NoError(t, d.Finish())
	assert.Equal(t, len(large), cap(large), "append to it must not reach what follows it")
	clear(input)
	assert.Equal(t, "small", string(small))
	assert.Equal(t, strings.Repeat("\x00", 400), kept)
	large[0] = 7
	assert.Contains(t, input, byte(7))
}

func TestOwningDecoderOfEmptyValues(t *testing.T) {
	d := NewOwningDecoder([]byte{0, 0})
	assert.Empty(t, d.String())
	assert.NotNil(t, d.Bytes())
	require.NoError(t, d.Finish())
}
