package gocode

import (
	"fmt"
	"go/types"
	"strings"
	"unicode"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// Generated functions that take a value apart are called encode, those that make one
// decode. With channels in it they also need the call or request: encode functions take
// the call instead of its encoder, decode functions the request instead of its decoder,
// and pass functions put the channels of a value among those that the call passes.

// encode writes the statement that encodes v.
func (g *generator) encode(t *model.Type, v string) {
	switch {
	case t.Form == model.Leaf && t.Codec == "Unit":
	case t.Form == model.Leaf:
		g.p("$e.%s(%s)", t.Codec, g.convert(t, v))
	case t.Form == model.Tx || t.Form == model.Rx:
		g.p("$call.ChannelID()")
	case t.HasChannel:
		g.p("encode%s($call, %s)", g.need(t), v)
	default:
		g.p("encode%s($e, %s)", g.need(t), v)
	}
}

// decode is the expression that decodes a value.
func (g *generator) decode(t *model.Type) string {
	switch {
	case t.Form == model.Leaf && t.Codec == "Unit":
		return "struct{}{}"
	case t.Form == model.Leaf && converted(t):
		return fmt.Sprintf("%s($d.%s())", g.typeText(t.Go), t.Codec)
	case t.Form == model.Leaf:
		return fmt.Sprintf("$d.%s()", t.Codec)
	case t.Form == model.Tx:
		return g.asNamed(t, fmt.Sprintf("%s.AcceptTx($in, %s)", g.roam(), g.codec(t.Elem)))
	case t.Form == model.Rx:
		return g.asNamed(t, fmt.Sprintf("%s.AcceptRx($in, %s)", g.roam(), g.codec(t.Elem)))
	case t.HasChannel:
		return fmt.Sprintf("decode%s($in)", g.need(t))
	}
	return fmt.Sprintf("decode%s($d)", g.need(t))
}

// asNamed is v, a channel's end, as the type with a name that it may have.
func (g *generator) asNamed(t *model.Type, v string) string {
	if _, named := t.Go.(*types.Named); !named {
		return v
	}
	return fmt.Sprintf("%s(%s)", g.typeText(t.Go), v)
}

// pass is the expression that passes the channels in v; its value is an error.
func (g *generator) pass(t *model.Type, v string) string {
	switch t.Form {
	case model.Tx:
		return fmt.Sprintf("%s.PassTx($call, %s, %s)", g.roam(), v, g.codec(t.Elem))
	case model.Rx:
		return fmt.Sprintf("%s.PassRx($call, %s, %s)", g.roam(), v, g.codec(t.Elem))
	}
	return fmt.Sprintf("pass%s($call, %s)", g.need(t), v)
}

// converted says that a leaf has a Go type of its own.
func converted(t *model.Type) bool {
	return !types.Identical(t.Go, t.Basic)
}

// convert is v, of a leaf's type, as the type that its codec takes.
func (g *generator) convert(t *model.Type, v string) string {
	if !converted(t) {
		return v
	}
	return fmt.Sprintf("%s(%s)", g.typeText(t.Basic), v)
}

// need gives the name of a type within function names, and has its functions written.
func (g *generator) need(t *model.Type) string {
	if name, ok := g.names[t]; ok {
		return name
	}
	name := g.freeName(mangle(t))
	g.names[t] = name
	g.queue = append(g.queue, t)
	return name
}

// freeName gives a name whose functions have names that are free.
func (g *generator) freeName(base string) string {
	name := base
	for n := 2; ; n++ {
		free := true
		for _, prefix := range []string{"encode", "decode", "pass", "index", "compare", "codec"} {
			free = free && g.free(prefix+name)
		}
		if free {
			break
		}
		name = fmt.Sprintf("%s%d", base, n)
	}
	for _, prefix := range []string{"encode", "decode", "pass", "index", "compare", "codec"} {
		g.taken[prefix+name] = true
	}
	return name
}

// mangle makes a name of a type.
func mangle(t *model.Type) string {
	if named, ok := t.Go.(*types.Named); ok {
		return mangleNamed(named)
	}
	switch t.Form {
	case model.Leaf:
		return t.Codec
	case model.List:
		return "List" + mangle(t.Elem)
	case model.Array, model.ByteArray:
		return fmt.Sprintf("Array%d%s", t.Wire.Len, mangle(t.Elem))
	case model.Map:
		return "Map" + mangle(t.Key) + mangle(t.Elem)
	case model.Set:
		return "Set" + mangle(t.Elem)
	case model.Option:
		return "Option" + mangle(t.Elem)
	case model.Tx:
		return "Tx" + mangle(t.Elem)
	case model.Rx:
		return "Rx" + mangle(t.Elem)
	}
	return "Struct"
}

// nameParts are the longest parts of a type's text that can stand in a name.
func nameParts(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// lettersOf is a type's text as a part of a name.
func lettersOf(text string) string { return strings.Join(nameParts(text), "") }

func mangleNamed(t *types.Named) string {
	text := types.TypeString(t, func(*types.Package) string { return "" })
	words := nameParts(text)
	for i, w := range words {
		words[i] = upperFirst(w)
	}
	return strings.Join(words, "")
}
