package gocode

import (
	"fmt"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// sortedKeys is the expression of the keys of the variable v in order.
func (g *generator) sortedKeys(key *model.Type) string {
	keys := g.std("maps") + ".Keys($v)"
	if ordered(key) {
		return fmt.Sprintf("%s.Sorted(%s)", g.std("slices"), keys)
	}
	goType := g.typeText(key.Go)
	return fmt.Sprintf("%s.SortedFunc(%s, func($a, $b %s) int { return %s })", g.std("slices"), keys, goType, g.compare(key, "$a", "$b"))
}

// ordered says that Go compares keys of a type by itself.
func ordered(t *model.Type) bool {
	switch t.Codec {
	case "Bool", "U128", "I128", "Unit":
		return false
	}
	return t.Form == model.Leaf
}

// compare is the expression that compares two keys, which are variables.
func (g *generator) compare(t *model.Type, a, b string) string {
	switch {
	case t.Codec == "Unit":
		return "0"
	case t.Codec == "U128" || t.Codec == "I128":
		return fmt.Sprintf("%s.Compare(%s)", g.convert(t, a), g.convert(t, b))
	case t.Codec == "Bool":
		return fmt.Sprintf("%s.CompareBool(%s, %s)", g.wire(), g.convert(t, a), g.convert(t, b))
	case t.Form == model.Leaf:
		return fmt.Sprintf("%s.Compare(%s, %s)", g.std("cmp"), a, b)
	case t.Form == model.UnitEnum:
		name := g.need(t)
		return fmt.Sprintf("%s.Compare(index%s(%s), index%s(%s))", g.std("cmp"), name, a, name, b)
	case t.Form == model.ByteArray:
		return fmt.Sprintf("%s.Compare(%s[:], %s[:])", g.std("bytes"), a, b)
	case t.Form == model.Array:
		elem := g.typeText(t.Elem.Go)
		return fmt.Sprintf("%s.CompareFunc(%s[:], %s[:], func($a, $b %s) int { return %s })", g.std("slices"), a, b, elem, g.compare(t.Elem, "$a", "$b"))
	}
	var fields []string
	for _, f := range t.Fields {
		fields = append(fields, g.compare(f.Type, a+"."+f.GoName, b+"."+f.GoName))
	}
	if len(fields) == 0 {
		return "0"
	}
	return fmt.Sprintf("%s.Or(%s)", g.std("cmp"), strings.Join(fields, ", "))
}
