package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMetadataPrefix(t *testing.T) {
	list := AppendMetadata(nil, Metadata{{"k", U64Value(300)}})
	prefix := append([]byte{byte(len(list))}, list...)
	assert.Equal(t, prefix, AppendMetadataPrefix(nil, list))
	metadata, rest, err := SplitMetadataPrefix(append(prefix, 7, 8))
	require.NoError(t, err)
	assert.Equal(t, list, metadata)
	assert.Equal(t, []byte{7, 8}, rest)
}

func TestNoMetadataIsTheEmptyListInThePrefix(t *testing.T) {
	for _, none := range [][]byte{nil, {}, {0}} {
		assert.Equal(t, []byte{9, 1, 0}, AppendMetadataPrefix([]byte{9}, none))
	}
}

func TestPayloadsWithoutMetadata(t *testing.T) {
	for _, c := range []struct{ payload, metadata, rest []byte }{
		{nil, nil, nil},
		{[]byte{0}, nil, []byte{}},
		{[]byte{0, 7}, nil, []byte{7}},
		{[]byte{1, 0, 7}, []byte{0}, []byte{7}},
	} {
		metadata, rest, err := SplitMetadataPrefix(c.payload)
		require.NoError(t, err)
		assert.Equal(t, c.metadata, metadata)
		assert.Equal(t, c.rest, rest)
		assert.NoError(t, CheckMetadata(metadata))
	}
}

func TestMetadataPrefixThatDoesNotDecode(t *testing.T) {
	for _, payload := range [][]byte{{1}, {3, 0, 0}, ff(9, 1), ff(9, 2), {0x80}} {
		metadata, rest, err := SplitMetadataPrefix(payload)
		var fault *DecodeError
		require.ErrorAs(t, err, &fault, "%x", payload)
		assert.Nil(t, metadata)
		assert.Nil(t, rest)
	}
}
