package wire

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func randomMetadata(r *rand.Rand) Metadata {
	var m Metadata
	for range r.Intn(6) {
		v := U64Value(randomBits(r))
		switch r.Intn(3) {
		case 0:
			v = StringValue(randomText(r))
		case 1:
			v = BytesValue(randomBytes(r, r.Intn(50)))
		}
		m = append(m, Entry{Key: randomText(r), Value: v})
	}
	return m
}

func TestMetadataRoundTrips(t *testing.T) {
	r := rand.New(rand.NewSource(41))
	for range 2000 {
		m := randomMetadata(r)
		encoded := AppendMetadata(nil, m)
		require.NoError(t, CheckMetadata(encoded))
		decoded, err := DecodeMetadata(encoded)
		require.NoError(t, err)
		require.Equal(t, m, decoded)
		for n := 1; n < len(encoded); n++ {
			_, err := DecodeMetadata(encoded[:n])
			var fault *DecodeError
			require.ErrorAs(t, err, &fault)
			require.Equal(t, err, CheckMetadata(encoded[:n]))
		}
	}
}

func TestMetadataKeepsOrderAndDuplicates(t *testing.T) {
	m := Metadata{{"b", U64Value(1)}, {"a", StringValue("x")}, {"b", BytesValue([]byte{2})}, {"", StringValue("")}}
	decoded, err := DecodeMetadata(AppendMetadata(nil, m))
	require.NoError(t, err)
	assert.Equal(t, m, decoded)
	first, ok := decoded.Get("b")
	assert.True(t, ok)
	assert.Equal(t, U64Value(1), first)
	_, ok = decoded.Get("c")
	assert.False(t, ok)
}

func TestNoMetadata(t *testing.T) {
	for _, none := range [][]byte{nil, {}, {0}} {
		require.NoError(t, CheckMetadata(none))
		m, err := DecodeMetadata(none)
		require.NoError(t, err)
		assert.Nil(t, m)
		_, ok := FindU64(none, "")
		assert.False(t, ok)
	}
	assert.Equal(t, []byte{0}, AppendMetadata(nil, nil))
}

func TestValuesGiveOnlyTheirKind(t *testing.T) {
	text, octets, number := StringValue("t"), BytesValue([]byte{0xbe, 0xef}), U64Value(7)
	for v, want := range map[Value]struct {
		kind                ValueKind
		name, shown         string
		text, octets, isU64 bool
	}{
		text:   {kind: ValueString, name: "String", shown: `"t"`, text: true},
		octets: {kind: ValueBytes, name: "Bytes", shown: "beef", octets: true},
		number: {kind: ValueU64, name: "U64", shown: "7", isU64: true},
	} {
		assert.Equal(t, want.kind, v.Kind())
		assert.Equal(t, want.name, v.Kind().String())
		assert.Equal(t, want.shown, v.String())
		_, ok := v.Text()
		assert.Equal(t, want.text, ok)
		_, ok = v.Bytes()
		assert.Equal(t, want.octets, ok)
		_, ok = v.U64()
		assert.Equal(t, want.isU64, ok)
	}
	assert.Equal(t, "ValueKind(3)", ValueKind(valueKindCount).String())
}

func TestBytesValueIsNotSharedWithItsMaker(t *testing.T) {
	b := []byte{1, 2}
	v := BytesValue(b)
	b[0] = 9
	first, _ := v.Bytes()
	first[1] = 9
	second, _ := v.Bytes()
	assert.Equal(t, []byte{1, 2}, second)
}

func TestFindAgreesWithDecoding(t *testing.T) {
	r := rand.New(rand.NewSource(42))
	keys := []string{"a", "b", "c"}
	for range 2000 {
		m := randomMetadata(r)
		for i := range m {
			m[i].Key = keys[r.Intn(len(keys))]
		}
		encoded := AppendMetadata(nil, m)
		for _, key := range keys {
			v, _ := m.Get(key)
			_, present := m.Get(key)
			wantNumber, wantIsNumber := v.U64()
			number, ok := FindU64(encoded, key)
			require.Equal(t, present && wantIsNumber, ok)
			require.Equal(t, wantNumber, number)
			wantText, wantIsText := v.Text()
			text, ok := FindString(encoded, key)
			require.Equal(t, present && wantIsText, ok)
			require.Equal(t, wantText, text)
		}
	}
}

func TestFindGivesNothingFromWhatDoesNotDecode(t *testing.T) {
	encoded := AppendMetadata(nil, Metadata{{"a", U64Value(1)}, {"b", U64Value(1 << 40)}})
	_, ok := FindU64(encoded[:len(encoded)-1], "b")
	assert.False(t, ok)
	_, ok = FindString([]byte{200}, "a")
	assert.False(t, ok)
}

func TestMetadataLimits(t *testing.T) {
	text := func(n int) string { return strings.Repeat("x", n) }
	many := func(n int, e Entry) Metadata {
		m := make(Metadata, n)
		for i := range m {
			m[i] = e
		}
		return m
	}
	large := Entry{"", StringValue(text(MaxMetadataValue))}
	for _, c := range []struct {
		name string
		m    Metadata
		want string // empty: accepted
	}{
		{"128 entries", many(128, Entry{}), ""},
		{"129 entries", many(129, Entry{}), "metadata has 129 entries, limit 128"},
		{"key of 256", Metadata{{Key: text(256)}}, ""},
		{"key of 257", Metadata{{}, {Key: text(257)}}, "metadata key of entry 1 has 257 bytes, limit 256"},
		{"text of 16384", Metadata{large}, ""},
		{"text of 16385", Metadata{{"k", StringValue(text(16385))}}, "metadata value of entry 0 has 16385 bytes, limit 16384"},
		{"bytes of 16384", Metadata{{"k", BytesValue(make([]byte, 16384))}}, ""},
		{"bytes of 16385", Metadata{{"k", BytesValue(make([]byte, 16385))}}, "metadata value of entry 0 has 16385 bytes, limit 16384"},
		{"65536 in all", many(4, large), ""},
		{"65537 in all", append(many(4, large), Entry{Key: "k"}), "metadata has 65537 bytes of keys and values, limit 65536"},
		{"65544 with a number", append(many(4, large), Entry{Value: U64Value(0)}), "metadata has 65544 bytes of keys and values, limit 65536"},
	} {
		t.Run(c.name, func(t *testing.T) {
			encoded := AppendMetadata(nil, c.m)
			err := CheckMetadata(encoded)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			var limit *MetadataLimitError
			require.ErrorAs(t, err, &limit)
			assert.EqualError(t, err, c.want)
			decoded, err := DecodeMetadata(encoded)
			require.NoError(t, err, "limits are not part of decoding")
			assert.Equal(t, c.m, decoded)
		})
	}
}

func TestMetadataThatDoesNotDecodeIsNotALimit(t *testing.T) {
	encoded := AppendMetadata(nil, make(Metadata, MaxMetadataEntries+1))
	var fault *DecodeError
	assert.ErrorAs(t, CheckMetadata(encoded[:len(encoded)-1]), &fault)
	assert.ErrorAs(t, CheckMetadata(append(encoded, 0)), &fault)
}
