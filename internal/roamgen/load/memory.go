package load

import (
	"go/types"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// memoryLimit bounds what many values of a type take, bytes of memory for each byte on
// the wire: a peer must not ask for much with little. Fields that travel stay below 40,
// what is left out of a struct may exceed it.
const memoryLimit = 64

var sizes = types.SizesFor("gc", "amd64")

// heavy refuses many values of a type, or of a pair of types, that take more memory than
// their bytes stand for.
func (l *loader) heavy(s site, of ...*model.Type) bool {
	var memory, bytes int64
	for _, t := range of {
		m, b := l.cost(t)
		memory, bytes = memory+m, bytes+b
	}
	t := of[len(of)-1]
	switch {
	case memory <= memoryLimit*bytes:
		return false
	case bytes == 0:
		l.fault(s, "%s takes memory and nothing on the wire, so that there can be no list of it; send the count", l.text(t.Go))
	default:
		l.fault(s, "%s can take %d bytes of memory for %d on the wire, more than %d for each, so that there can be no list of it; send a type without what is left out", l.text(t.Go), memory, bytes, memoryLimit)
	}
	return true
}

// cost is the memory of that value of a type which takes the most for its bytes, and
// these. What is in lists and maps is not in it: of that there is no more than the bytes
// stand for.
func (l *loader) cost(t *model.Type) (memory, bytes int64) {
	if known, ok := l.costs[t]; ok {
		return known[0], known[1]
	}
	memory, bytes = sizes.Sizeof(t.Go), int64(t.MinSize)
	add := func(part *model.Type, n int64) {
		m, b := l.cost(part)
		memory += n * (m - sizes.Sizeof(part.Go))
		bytes += n * (b - int64(part.MinSize))
	}
	switch t.Form {
	case model.Struct:
		for _, f := range t.Fields {
			add(f.Type, 1)
		}
	case model.Array:
		add(t.Elem, int64(t.Wire.Len))
	case model.Option:
		memory, bytes = l.heaviest(memory, bytes, t.Elem)
	case model.Enum:
		var held []*model.Type
		for _, v := range t.Variants {
			held = append(held, v.Type)
		}
		memory, bytes = l.heaviest(memory, bytes, held...)
	}
	l.costs[t] = [2]int64{memory, bytes}
	return memory, bytes
}

// heaviest is what of memory and bytes, with one of several types behind a pointer or
// without, has the most memory for its bytes.
func (l *loader) heaviest(memory, bytes int64, held ...*model.Type) (most, least int64) {
	most, least = memory, bytes
	for _, t := range held {
		m, b := l.cost(t)
		if m, b = m+memory, b+bytes; m*least > most*b {
			most, least = m, b
		}
	}
	return most, least
}
