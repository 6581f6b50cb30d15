package load

import (
	"go/types"
	"reflect"
	"regexp"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
	"github.com/roam-rpc/roam-go/internal/roamgen/names"
	"github.com/roam-rpc/roam-go/schema"
)

// structure is a struct, or, when it is marked so, a tuple.
func (l *loader) structure(t types.Type, u *types.Struct, s site) *model.Type {
	m := &model.Type{Go: t, Form: model.Struct, Wire: &schema.Type{Kind: schema.Struct}, Wholly: true}
	if named, ok := t.(*types.Named); ok && l.notesOf(named.Obj()).has("tuple") {
		m.Wire.Kind = schema.Tuple
	}
	if isLock(t) {
		l.fault(s, "%s must not be copied, so that it cannot be sent; send what it holds in a type of its own", l.text(t))
		return nil
	}
	ok := true
	taken := make(map[string]string)
	for i := range u.NumFields() {
		f := u.Field(i)
		name, tagged := fieldTag(u.Tag(i))
		at := l.fieldSite(t, f, s)
		if !tagged && malformed(u.Tag(i)) {
			l.fault(at, "the tag `%s` is malformed, so that what it says of roam is not seen; write `roam:\"name\"`", u.Tag(i))
			ok = false
			continue
		}
		if name == "-" || f.Name() == "_" {
			m.Wholly = false
			if holdsLock(f.Type()) {
				l.fault(at, "%s must not be copied, so that the struct cannot be sent; make the field a pointer, or send a copy in a type of its own", l.text(f.Type()))
				ok = false
			}
			continue
		}
		if !f.Exported() {
			ok = false
			if !l.isOurs(f.Pos()) {
				l.fault(at, "the field is not exported, so that %s cannot be sent; send a copy in a type of your own, or its text", l.text(t))
				break // once is enough
			}
			l.fault(at, "the field is not exported, so that it cannot be sent; export it, or leave it out with the tag `roam:\"-\"`")
			continue
		}
		field := l.typeOf(f.Type(), at)
		if field == nil {
			ok = false
			continue
		}
		if !tagged {
			name = names.Snake(f.Name())
		}
		switch {
		case tagged && !isIdentifier(name):
			l.fault(at, "%q in the tag is no name", name)
		case taken[name] != "":
			l.fault(at, "the field %s is called %s on the wire as well; give one another name with the tag `roam:\"name\"`", taken[name], name)
		}
		taken[name] = f.Name()
		if m.Wire.Kind == schema.Tuple {
			name = ""
		}
		m.Fields = append(m.Fields, model.Field{GoName: f.Name(), Type: field})
		m.Wire.Fields = append(m.Wire.Fields, schema.Field{Name: name, Doc: l.notesOf(f.Origin()).doc, Type: field.Wire})
		m.HasChannel = m.HasChannel || field.HasChannel
		m.MinSize += field.MinSize
	}
	if !ok {
		return nil
	}
	return m
}

// fieldSite leads into a field: Point.X for one of a named type.
func (l *loader) fieldSite(t types.Type, f *types.Var, s site) site {
	step := "field " + f.Name()
	if named, ok := t.(*types.Named); ok {
		step = l.text(named) + "." + f.Name()
	}
	return l.at(s, f.Pos(), step)
}

// fieldTag reads the tag `roam:"name"`.
func fieldTag(tag string) (name string, ok bool) {
	name, ok = reflect.StructTag(tag).Lookup("roam")
	return strings.TrimSpace(name), ok
}

// pair is one key:"value" of a tag.
var pair = regexp.MustCompile(`^ *[^ ":]+:"(\\.|[^"\\])*"`)

// malformed says that a tag speaks of roam behind the pairs that Go understands.
func malformed(tag string) bool {
	for found := pair.FindString(tag); found != ""; found = pair.FindString(tag) {
		tag = tag[len(found):]
	}
	return strings.Contains(tag, "roam:")
}
