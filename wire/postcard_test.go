package wire

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"math/rand"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// randomBits gives numbers of every magnitude with the same likelihood.
func randomBits(r *rand.Rand) uint64 { return r.Uint64() >> r.Intn(64) }

func randomText(r *rand.Rand) string {
	text := make([]rune, r.Intn(20))
	for i := range text {
		text[i] = randomChar(r)
	}
	return string(text)
}

func randomChar(r *rand.Rand) rune {
	for {
		if c := rune(r.Intn(utf8.MaxRune+1) >> r.Intn(21)); utf8.ValidRune(c) {
			return c
		}
	}
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	_, _ = r.Read(b) // never fails
	return b
}

// randomSamples draws one sample of each type.
func randomSamples(r *rand.Rand) []sample {
	n := func() uint64 { return randomBits(r) }
	samples := []sample{
		of(Bool, r.Intn(2) == 1), of(CharCodec, Char(randomChar(r))),
		of(U8, uint8(n())), of(U16, uint16(n())), of(U32, uint32(n())), of(U64, n()),
		of(I8, int8(n())), of(I16, int16(n())), of(I32, int32(n())), of(I64, int64(n())),
		of(U128, Uint128{n(), n()}), of(I128, Int128{int64(n()), n()}),
		of(U128, Uint128{0, n()}), of(I128, Int128{-1, n()}),
		of(Int, int(n())), of(Uint, uint(n())), of(Duration, time.Duration(n())), of(Time, time.Unix(0, int64(n())).UTC()),
		of(F32, float32(r.NormFloat64())), of(F64, r.NormFloat64()),
		of(String, randomText(r)), of(Bytes, randomBytes(r, r.Intn(300))), of(Unit, struct{}{}),
		of(optionOf(U64), nil), of(optionOf(String), some(randomText(r))),
		of(listOf(I32, 1), []int32{int32(n()), int32(n())}),
		of(listOf(Unit, 0), make([]struct{}, r.Intn(100))),
		of(eitherOf(I64, failures), any(failure(randomText(r)))),
	}
	r.Shuffle(len(samples), func(i, j int) { samples[i], samples[j] = samples[j], samples[i] })
	return samples
}

func decodeAll(d *Decoder, samples []sample) []any {
	values := make([]any, len(samples))
	for i, s := range samples {
		values[i] = s.decode(d)
	}
	return values
}

func TestSequencesOfValuesRoundTrip(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 2000 {
		samples := randomSamples(r)
		var encoded []byte
		var values []any
		for _, s := range samples {
			encoded = s.encode(encoded)
			values = append(values, s.value)
		}
		d := NewDecoder(encoded)
		require.Equal(t, values, decodeAll(&d, samples))
		require.NoError(t, d.Finish())
	}
}

func TestEveryTruncationIsRefused(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	for range 50 {
		samples := append(randomSamples(r), of(U64, 1<<63)) // a last value with bytes
		var encoded []byte
		for _, s := range samples {
			encoded = s.encode(encoded)
		}
		for n := range encoded {
			d := NewDecoder(encoded[:n])
			decodeAll(&d, samples)
			var fault *DecodeError
			require.ErrorAs(t, d.Finish(), &fault, "%d of %d bytes", n, len(encoded))
			require.Zero(t, d.Remaining())
		}
	}
}

func TestMutatedBytesNeverPanic(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	for range 5000 {
		samples := randomSamples(r)
		var encoded []byte
		for _, s := range samples {
			encoded = s.encode(encoded)
		}
		for range 1 + r.Intn(4) {
			encoded[r.Intn(len(encoded))] ^= byte(1 << r.Intn(8))
		}
		d := NewDecoder(encoded)
		decodeAll(&d, samples)
		if err := d.Finish(); err != nil {
			require.NotEmpty(t, err.Error())
		}
	}
}

// leb128 is the definition, over numbers of any size.
func leb128(v *big.Int) []byte {
	v = new(big.Int).Set(v)
	var b []byte
	for v.BitLen() > 7 {
		b = append(b, byte(v.Uint64())&0x7f|0x80)
		v.Rsh(v, 7)
	}
	return append(b, byte(v.Uint64()))
}

// zigzag is the definition: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4.
func zigzag(v *big.Int) *big.Int {
	twice := new(big.Int).Lsh(v, 1)
	if v.Sign() >= 0 {
		return twice
	}
	return twice.Not(twice)
}

func TestVarintsFollowTheDefinition(t *testing.T) {
	r := rand.New(rand.NewSource(4))
	numbers := []uint64{0, 1, math.MaxUint64, math.MaxInt64, 1 << 63}
	for shift := range 64 {
		numbers = append(numbers, 1<<shift, 1<<shift-1)
	}
	for range 500 {
		numbers = append(numbers, randomBits(r))
	}
	for _, v := range numbers {
		unsigned, signed := new(big.Int).SetUint64(v), big.NewInt(int64(v))
		require.Equal(t, leb128(unsigned), AppendU64(nil, v))
		require.Equal(t, len(leb128(unsigned)), UvarintLen(v), "%d", v)
		require.Equal(t, leb128(zigzag(signed)), AppendI64(nil, int64(v)))
		require.Equal(t, AppendI64(nil, int64(int32(v))), appended(I32, nil, int32(v)))
		require.Equal(t, AppendI64(nil, int64(int16(v))), appended(I16, nil, int16(v)))
		for _, lo := range []uint64{0, 1, math.MaxUint64, 1 << 63, randomBits(r)} {
			low := new(big.Int).SetUint64(lo)
			wide := new(big.Int).Lsh(unsigned, 64)
			require.Equal(t, leb128(wide.Add(wide, low)), AppendU128(nil, v, lo))
			wide.Lsh(signed, 64)
			require.Equal(t, leb128(zigzag(wide.Add(wide, low))), AppendI128(nil, int64(v), lo))
		}
	}
}

func TestCharIsItsUTF8AsAString(t *testing.T) {
	for _, c := range []rune{0, 'a', 0x7f, 0x80, 'é', '世', '🦀', utf8.MaxRune} {
		encoded := AppendChar(nil, c)
		assert.Equal(t, AppendString(nil, string(c)), encoded)
		d := NewDecoder(encoded)
		assert.Equal(t, Char(c), d.Char())
		assert.NoError(t, d.Finish())
	}
}

func TestEncodersMakeValidUTF8(t *testing.T) {
	replaced := AppendString(nil, "\uFFFD")
	for _, c := range []rune{-1, 0xD800, 0xDFFF, utf8.MaxRune + 1} {
		assert.Equal(t, replaced, AppendChar(nil, c))
	}
	assert.Equal(t, AppendString(nil, "a\uFFFDb"), AppendString(nil, "a\xff\xfeb"))
}

func TestTimeOutsideOfItsRangeHasNoEncoding(t *testing.T) {
	for _, v := range []time.Time{{}, minTime.Add(-1), maxTime.Add(1)} {
		e := NewEncoder(nil)
		e.Time(v)
		assert.ErrorContains(t, e.Err(), "is outside of 1677-09-21T00:12:43Z to 2262-04-11T23:47:16Z")
	}
	for _, v := range []time.Time{minTime, maxTime, time.Unix(0, 0).UTC()} {
		e := NewEncoder(nil)
		e.Time(v.In(time.FixedZone("east", 3600)))
		require.NoError(t, e.Err())
		d := NewDecoder(e.Buffer())
		assert.Equal(t, v, d.Time())
	}
}

func TestNumbersOf128Bits(t *testing.T) {
	assert.Equal(t, "340282366920938463463374607431768211455", Uint128{math.MaxUint64, math.MaxUint64}.String())
	assert.Equal(t, "-170141183460469231731687303715884105728", Int128{Hi: math.MinInt64}.String())
	assert.Equal(t, "-1", Int128{-1, math.MaxUint64}.String())
	assert.Equal(t, 1, Uint128{1, 0}.Compare(Uint128{0, math.MaxUint64}))
	assert.Equal(t, -1, Int128{-1, math.MaxUint64}.Compare(Int128{}))
}

func TestFirstFaultOfAnEncoderSticks(t *testing.T) {
	var e Encoder
	e.Fail(errors.New("first"))
	e.Fail(errors.New("second"))
	e.U8(1)
	assert.EqualError(t, e.Err(), "first")
}

func TestFloatsKeepEveryBit(t *testing.T) {
	for _, bits := range []uint32{0, 1, 1 << 31, 0x7f800000, 0x7fc00001, 0xffc12345} {
		d := NewDecoder(AppendF32(nil, math.Float32frombits(bits)))
		assert.Equal(t, bits, math.Float32bits(d.F32()))
		d = NewDecoder(AppendF64(nil, math.Float64frombits(uint64(bits)<<32|5)))
		assert.Equal(t, uint64(bits)<<32|5, math.Float64bits(d.F64()))
	}
}

func TestViewsAliasAndCopiesDoNot(t *testing.T) {
	input := AppendString(AppendBytes(AppendBytes(nil, []byte("one")), []byte("two")), "three")
	d := NewDecoder(input)
	view, copied, text := d.BytesView(), d.Bytes(), d.String()
	require.NoError(t, d.Finish())
	clear(input)
	assert.Equal(t, []byte{0, 0, 0}, view)
	assert.Equal(t, 3, cap(view), "append to a view must not reach what follows it")
	assert.Equal(t, []byte("two"), copied)
	assert.Equal(t, "three", text)
}

func TestAppendKeepsWhatStandsBefore(t *testing.T) {
	r := rand.New(rand.NewSource(5))
	for _, s := range randomSamples(r) {
		assert.Equal(t, append([]byte("before"), s.encode(nil)...), s.encode([]byte("before")))
	}
	long := strings.Repeat("x", 1000)
	assert.Equal(t, AppendBytes(nil, []byte(long)), AppendString(nil, long))
	assert.True(t, bytes.HasSuffix(AppendString(nil, long), []byte(long)))
}
