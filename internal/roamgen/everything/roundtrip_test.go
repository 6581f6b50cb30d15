package everything

import (
	"context"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/roamgen/everything/shared"

	roam "github.com/roam-rpc/roam-go"
)

// echoes are the client's methods that give back their one argument.
func echoes(c *EverythingClient) map[string]reflect.Value {
	methods := make(map[string]reflect.Value)
	v := reflect.ValueOf(c)
	for i := range v.NumMethod() {
		m := v.Method(i)
		if t := m.Type(); t.NumIn() == 2 && t.NumOut() == 2 && t.In(1) == t.Out(0) {
			methods[v.Type().Method(i).Name] = m
		}
	}
	return methods
}

func call(m reflect.Value, arg reflect.Value) (any, error) {
	out := m.Call([]reflect.Value{reflect.ValueOf(context.Background()), arg})
	err, _ := out[1].Interface().(error)
	return out[0].Interface(), err
}

func TestRandomValuesComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	through := &loopback{dispatcher: NewEverythingDispatcher(echo{})}
	methods := echoes(NewEverythingClient(through))
	require.Len(t, methods, 22)
	for name, m := range methods {
		for i := range 300 {
			through.lent = i%2 == 1
			want := random(r, m.Type().In(1))
			got, err := call(m, want)
			require.NoError(t, err, "%s of %#v", name, want)
			require.Equal(t, want.Interface(), got, name)
		}
	}
}

func TestSameValueHasOneEncoding(t *testing.T) {
	// Maps are the only values whose parts come in an order that changes.
	r := rand.New(rand.NewPCG(3, 4))
	var encodings [][]byte
	through := &loopback{dispatcher: NewEverythingDispatcher(echo{})}
	through.args = func(b []byte) []byte {
		encodings = append(encodings, append([]byte(nil), b...))
		return b
	}
	client := NewEverythingClient(through)
	for range 100 {
		v := random(r, reflect.TypeFor[Maps]()).Interface().(Maps)
		encodings = nil
		for range 3 {
			_, err := client.Maps(context.Background(), v)
			require.NoError(t, err)
		}
		require.Equal(t, encodings[0], encodings[1])
		require.Equal(t, encodings[0], encodings[2])
	}
}

// TestBytesThatAreNoValuesAreRefused cuts and changes arguments and results: that gives
// an error or another value, and never a panic or memory that the bytes do not stand for.
func TestBytesThatAreNoValuesAreRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	through := &loopback{dispatcher: NewEverythingDispatcher(echo{})}
	change := func(b []byte) []byte {
		b = append([]byte(nil), b...)
		for range 1 + r.IntN(3) {
			switch {
			case len(b) > 0 && r.IntN(3) == 0:
				b = b[:r.IntN(len(b))]
			case len(b) > 0:
				b[r.IntN(len(b))] = byte(bits(r))
			default:
				b = append(b, byte(bits(r)))
			}
		}
		return b
	}
	refused := 0
	for name, m := range echoes(NewEverythingClient(through)) {
		for i := range 400 {
			through.lent = i%4 < 2
			through.args, through.result = change, nil
			if i%2 == 0 {
				through.args, through.result = nil, change
			}
			if _, err := call(m, random(r, m.Type().In(1))); err != nil {
				refused++
				require.NotPanics(t, func() { _ = err.Error() }, name)
			}
		}
	}
	assert.Greater(t, refused, 1000)

	// And of declared errors, which are results.
	through.args, through.result = nil, change
	client := NewEverythingClient(through)
	for range 400 {
		problem := random(r, reflect.TypeFor[Problem]()).Interface().(Problem)
		_ = client.Breaks(context.Background(), problem)
		_ = client.Fails(context.Background(), uint8(CodeBusy))
	}
}

// TestCountsAreNotBelieved: a count that the bytes cannot hold allocates nothing.
func TestCountsAreNotBelieved(t *testing.T) {
	through := &loopback{dispatcher: NewEverythingDispatcher(echo{})}
	many := []byte{0xff, 0xff, 0xff, 0xff, 0x0f} // 2^32 - 1
	through.args = func([]byte) []byte { return many }
	client := NewEverythingClient(through)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for name, m := range echoes(client) {
		_, err := call(m, reflect.Zero(m.Type().In(1)))
		if name == "Unit" { // which has no bytes: all of them are left over
			assert.ErrorContains(t, err, "bytes after the end")
		} else if name != "Shape" && name != "Color" { // whose zero values have no encoding
			assert.Error(t, err, name)
		}
	}
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
}

func TestValuesWithoutEncodingAreRefusedBeforeTheyAreSent(t *testing.T) {
	client := NewEverythingClient(&loopback{dispatcher: NewEverythingDispatcher(echo{})})
	ctx := context.Background()
	for want, send := range map[string]func() error{
		"enum Color has no constant 0": func() error {
			_, err := client.Color(ctx, 0)
			return err
		},
		"enum Shape has no variant <nil>": func() error {
			_, err := client.Shape(ctx, nil)
			return err
		},
		"enum Shape holds a nil *everything.ShapeSquare": func() error {
			_, err := client.Shape(ctx, (*ShapeSquare)(nil))
			return err
		},
		"time 0001-01-01T00:00:00Z is outside of 1677-09-21T00:12:43Z to 2262-04-11T23:47:16Z": func() error {
			_, err := client.Times(ctx, Times{})
			return err
		},
	} {
		assert.EqualError(t, send(), want)
	}
}

func TestVariantsByPointerArriveAsTheyAreDeclared(t *testing.T) {
	client := NewEverythingClient(&loopback{dispatcher: NewEverythingDispatcher(echo{})})
	label := Label("text")
	for _, c := range []struct{ sent, got Shape }{
		{&ShapeCircle{Radius: 2}, ShapeCircle{Radius: 2}},
		{&ShapeNone{}, ShapeNone{}},
		{&label, label},
		{&Corners{A: Point{1, 2}}, Corners{A: Point{1, 2}}},
		{&Wrapped{Point{3, 4}}, Wrapped{Point{3, 4}}},
		{&ShapeSquare{Side: 5, Color: ColorRed}, &ShapeSquare{Side: 5, Color: ColorRed}},
	} {
		got, err := client.Shape(context.Background(), c.sent)
		require.NoError(t, err)
		assert.Equal(t, c.got, got)
	}
}

func TestNilSlicesAndMapsArriveEmpty(t *testing.T) {
	client := NewEverythingClient(&loopback{dispatcher: NewEverythingDispatcher(echo{})})
	lists, err := client.Lists(context.Background(), Lists{})
	require.NoError(t, err)
	assert.Equal(t, Lists{Strings: [][]string{}, Points: []Point{}}, lists)
	sets, err := client.Sets(context.Background(), Sets{})
	require.NoError(t, err)
	assert.Equal(t, Sets{Names: map[string]struct{}{}, Points: map[Point]struct{}{}}, sets)
}

func TestSeveralResults(t *testing.T) {
	client := NewEverythingClient(&loopback{dispatcher: NewEverythingDispatcher(echo{})})
	n, s, err := client.Two(context.Background(), 7, "seven")
	require.NoError(t, err)
	assert.EqualValues(t, 7, n)
	assert.Equal(t, "seven", s)
}

func TestArgumentsWhateverTheyAreCalled(t *testing.T) {
	client := NewEverythingClient(&loopback{dispatcher: NewEverythingDispatcher(echo{})})
	text, err := client.Unnamed(context.Background(), 1, "text")
	require.NoError(t, err)
	assert.Equal(t, "text", text)
	require.NoError(t, client.Nothing(context.Background()))

	connected := connect(t, echo{})
	tx, rx := roam.Channel[Color]()
	defer tx.Close()
	key := shared.Key{Level: shared.LevelLow, Last: true}
	got, err := connected.Clashes(context.Background(), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, key, rx)
	require.NoError(t, err)
	assert.Equal(t, key, got)
}

func TestDescriptor(t *testing.T) {
	d := EverythingDescriptor
	assert.Equal(t, "Every_Thing", d.Name)
	assert.True(t, strings.HasSuffix(d.Doc, "with \"quotes\" and `backquotes`."), d.Doc)
	methods := make(map[string]*roam.Method)
	for _, m := range d.Methods {
		methods[m.Name] = m
	}
	boolean := methods["Bool"]
	assert.True(t, boolean.Inline && boolean.Idempotent)
	assert.False(t, boolean.Borrow)
	assert.True(t, methods["Lent"].Borrow)
	assert.Nil(t, boolean.Error)
	assert.Equal(t, "Bool echoes a bool.", boolean.Doc)
	assert.Equal(t, "Failure", methods["Ints"].Error.Name)
	assert.Equal(t, "Code", methods["Fails"].Error.Name)
	assert.True(t, methods["run-streams"].Streams())
	assert.False(t, methods["Ints"].Streams())
	for name, want := range map[string]string{
		"Ints":  "struct { i i64, i8 i8, i16 i16, i32 i32, i64 i64, u u64, u8 u8, u16 u16, u32 u32, u64 u64 }",
		"Wide":  "struct { u u128, i i128, c char }",
		"Times": "struct { at i64, for i64 }",
		"Named": "struct { id UserID, name Name, blob Blob, octets Octets, tags Tags, scores Scores, digest Digest, interval Interval, alias UserID, nothing Nothing }",
		"Derived": "struct { hash Hash, offset Offset, letter Letter, initial Initial, stamp Stamp, span Span, grade Grade, step Step, " +
			"by_hash map<Hash, Letter>, by_grade set<Grade> }",
		"Lists": "struct { strings list<list<string>>, points list<Point>, three array<Point, 3>, raw array<u8, 4>, octets array<Octet, 4>, none array<unit, 5> }",
		"Sets":  "struct { names set<string>, points set<Point> }",
		"Options": "struct { number option<i64>, text option<option<string>>, point option<Point>, " +
			"list option<list<option<Point>>>, large option<Large> }",
		"Color": "enum { Red, Green, Blue }",
		"Shape": "enum { Circle { radius f64 }, Square { side u32, color Color }, None, Label(string), " +
			"Corners { 0 Point, 1 Point }, Boxed(Point), Large { large Large, name string } }",
		"Pair":      "tuple<i8, string>",
		"Tagged":    "struct { point Point, user_id UserID, httpurl2 string, other_name i64 }",
		"Shared":    "struct { level Level, event Event, page Page[string], pages list<Page[Point]>, month Month }",
		"Anonymous": "struct { x i64, y i64 }",
		"Unit":      "unit",
		"Two":       "tuple<i32, string>",
		"Nothing":   "unit",
		"Fails":     "unit",
	} {
		assert.Equal(t, want, methods[name].Result.Definition(), name)
	}
	assert.Equal(t, "Off", methods["Shared"].Result.Fields[0].Type.Variants[2].Name)
	assert.Equal(t, "ColorRed is the first.", methods["Color"].Result.Variants[0].Doc)
	derived := methods["Derived"].Result.Fields
	for i, want := range []string{"u128", "i128", "char", "char", "i64", "i64", "enum { n, v, e, d, i, third }", "enum { Up, Down }"} {
		assert.Equal(t, want, derived[i].Type.Definition(), derived[i].Name)
	}
	assert.Equal(t, "bytes", methods["Named"].Result.Fields[3].Type.Definition())
}
