package everything

import (
	"math"
	"math/rand/v2"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/roam-rpc/roam-go/internal/roamgen/everything/shared"

	roam "github.com/roam-rpc/roam-go"
)

// choices are the values of types that not every value of their kind is one of. Those of
// an enum's variants are zero, and filled at random.
var choices = map[reflect.Type][]any{
	reflect.TypeFor[Color]():        {ColorRed, ColorGreen, ColorBlue},
	reflect.TypeFor[Grade]():        {n, v, e, d, i, third},
	reflect.TypeFor[shared.Step]():  {shared.StepUp, shared.StepDown},
	reflect.TypeFor[Code]():         {CodeBusy, CodeGone},
	reflect.TypeFor[shared.Level](): {shared.LevelHigh, shared.LevelLow, shared.LevelNone},
	reflect.TypeFor[Shape]():        {ShapeCircle{}, &ShapeSquare{}, ShapeNone{}, Label(""), Corners{}, Wrapped{}, ShapeLarge{}},
	reflect.TypeFor[Problem]():      {TooLarge{}, &NotFound{}},
	reflect.TypeFor[shared.Event](): {shared.Started{}, &shared.Stopped{}},
}

// random makes a random value of a type.
func random(r *rand.Rand, t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	fill(r, v)
	return v
}

func fill(r *rand.Rand, v reflect.Value) {
	t := v.Type()
	if from, ok := choices[t]; ok {
		chosen := reflect.ValueOf(from[r.IntN(len(from))])
		if t.Kind() == reflect.Interface {
			if chosen.Kind() == reflect.Pointer {
				held := random(r, chosen.Type().Elem())
				chosen = reflect.New(held.Type())
				chosen.Elem().Set(held)
			} else {
				chosen = random(r, chosen.Type())
			}
		}
		v.Set(chosen)
		return
	}
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[Stamp]():
		v.Set(reflect.ValueOf(time.Unix(0, int64(r.Uint64())).UTC()).Convert(t))
		return
	case reflect.TypeFor[roam.Char](), reflect.TypeFor[Letter](), reflect.TypeFor[Initial]():
		v.SetInt(int64(char(r)))
		return
	}
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(bits(r)) >> (64 - t.Bits()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(bits(r) >> (64 - t.Bits()))
	case reflect.Float32, reflect.Float64:
		v.SetFloat([]float64{r.NormFloat64(), 0, math.Inf(1), math.MaxFloat32, math.SmallestNonzeroFloat32}[r.IntN(5)])
	case reflect.String:
		text := make([]rune, r.IntN(12))
		for i := range text {
			text[i] = char(r)
		}
		v.SetString(string(text))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(t, r.IntN(4), 4))
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		for range r.IntN(4) {
			v.SetMapIndex(random(r, t.Key()), random(r, t.Elem()))
		}
	case reflect.Pointer:
		if r.IntN(3) > 0 {
			v.Set(reflect.New(t.Elem()))
			fill(r, v.Elem())
		}
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && f.Tag.Get("roam") != "-" {
				fill(r, v.Field(i))
			}
		}
	}
}

// bits is a number of any length.
func bits(r *rand.Rand) uint64 { return r.Uint64() << r.IntN(64) }

func char(r *rand.Rand) rune {
	for {
		if c := rune(r.IntN(utf8.MaxRune >> r.IntN(16))); utf8.ValidRune(c) {
			return c
		}
	}
}
