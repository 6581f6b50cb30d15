package ccode

import (
	"go/types"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// ctype is a type as C has it.
type ctype struct {
	form model.Form
	// name is its part of C names, such as point or list_point, and c what C calls it, as
	// struct demo_point.
	name, c string
	// key is equal for equal types.
	key   string
	doc   string
	named bool // it has a name in Go, so that its functions are for users

	codec        string // of a leaf: the part of the library's names, such as i64
	elem, mapKey *ctype // elem also of a channel's items
	count        int    // of an array
	fields       []field
	variants     []variant
	tag          string // of an enum with payloads: the C enum that tells its variants apart
	boxed        bool   // of an option: its value is pointed to
	minSize      int    // least bytes on the wire

	// channel says that there is a Tx or Rx within; caller that it is the calling side's
	// form of such a type.
	channel, caller bool
	// empty says that it has no bytes on the wire, nor anything to say: C has no such type.
	empty bool
	// plain says that nothing in it points to other memory.
	plain       bool
	size, align int // in C, of 64 bits
}

// field is a field of a struct or an argument.
type field struct {
	name, doc string
	t         *ctype
}

// variant is a variant of an enum.
type variant struct {
	constant, name, doc string
	t                   *ctype // nil for that of a unit enum
	boxed               bool
}

// boxedFrom is from how many bytes on what may be absent is pointed to. A value in a list
// then takes little more memory than that for each byte that came, whatever it may hold.
const boxedFrom = 65

// word is the size of a pointer and of size_t.
const word = 8

// leaves are the types that the library reads and writes, by the names of their codecs in Go.
var leaves = map[string]struct {
	codec, c    string
	size, align int
}{
	"Bool":     {"bool", "bool", 1, 1},
	"U8":       {"u8", "uint8_t", 1, 1},
	"U16":      {"u16", "uint16_t", 2, 2},
	"U32":      {"u32", "uint32_t", 4, 4},
	"U64":      {"u64", "uint64_t", 8, 8},
	"Uint":     {"u64", "uint64_t", 8, 8},
	"U128":     {"u128", "struct roam_u128", 16, 8},
	"I8":       {"i8", "int8_t", 1, 1},
	"I16":      {"i16", "int16_t", 2, 2},
	"I32":      {"i32", "int32_t", 4, 4},
	"I64":      {"i64", "int64_t", 8, 8},
	"Int":      {"i64", "int64_t", 8, 8},
	"Time":     {"i64", "int64_t", 8, 8},
	"Duration": {"i64", "int64_t", 8, 8},
	"I128":     {"i128", "struct roam_i128", 16, 8},
	"F32":      {"f32", "float", 4, 4},
	"F64":      {"f64", "double", 8, 8},
	"Char":     {"char", "uint32_t", 4, 4},
	"String":   {"string", "struct roam_string", 2 * word, word},
	"Bytes":    {"bytes", "struct roam_bytes", 2 * word, word},
}

// leaf is a type of the library, by its codec in Go.
func leaf(codec string, minSize int) *ctype {
	if codec == "Unit" {
		return &ctype{name: "unit", key: "unit", empty: true, plain: true, align: 1}
	}
	l := leaves[codec]
	return &ctype{name: l.codec, c: l.c, key: l.codec, codec: l.codec, minSize: minSize,
		plain: codec != "String" && codec != "Bytes", size: l.size, align: l.align}
}

// byValue says that functions take it by value.
func (t *ctype) byValue() bool {
	return t.form == model.Leaf || t.form == model.UnitEnum
}

// full is its whole name, without the struct or enum in front.
func (t *ctype) full() string { return t.c[strings.Index(t.c, " ")+1:] }

// isStruct says that C declares a struct for it.
func (t *ctype) isStruct() bool {
	switch t.form {
	case model.Leaf, model.UnitEnum, model.Tx, model.Rx:
		return false
	}
	return !t.empty
}

// layout makes the size of a struct of these, in order.
func (t *ctype) layout(parts ...*ctype) {
	t.align = 1
	for _, p := range parts {
		if p.empty {
			continue
		}
		t.size = roundUp(t.size, p.align) + p.size
		t.align = max(t.align, p.align)
	}
	t.size = roundUp(t.size, t.align)
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// pointer is what is in the place of a value that is pointed to.
var pointer = &ctype{size: word, align: word}

// held is what is in the place of a value that may be absent.
func held(t *ctype, boxed bool) *ctype {
	if boxed {
		return pointer
	}
	return t
}

// isNamed gives the name that a Go type has.
func isNamed(t *model.Type) (*types.Named, bool) {
	named, ok := types.Unalias(t.Go).(*types.Named)
	return named, ok
}
