package load

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// target is what a directive may stand above.
type target string

const (
	onInterface target = "an interface"
	onInteger   target = "an integer type"
	onStruct    target = "a struct"
	onType      target = "another type"
	onConstant  target = "a constant"
	onMethod    target = "a method of an interface"
	onField     target = "a field"
)

// directives are the known ones, with what each may stand above.
var directives = map[string][]target{
	"service":    {onInterface},
	"enum":       {onInterface, onInteger},
	"tuple":      {onStruct},
	"error":      {onInterface, onMethod},
	"name":       {onInterface, onInteger, onStruct, onType, onConstant, onMethod},
	"inline":     {onMethod},
	"idempotent": {onMethod},
}

// directive is one line //roam:NAME ARGUMENTS.
type directive struct {
	name, args string
	pos        token.Pos
}

// parseDirective reads a comment; ok is false when it is none.
func parseDirective(c *ast.Comment) (d directive, ok bool) {
	text, ok := strings.CutPrefix(c.Text, "//roam:")
	if !ok {
		return d, false
	}
	name, args, _ := strings.Cut(text, " ")
	return directive{strings.TrimSpace(name), strings.TrimSpace(args), c.Pos()}, true
}

// spaced is a directive that a space makes a mere comment.
var spaced = regexp.MustCompile(`^//[ \t]+roam:([a-z]+)\b`)

// notes are the comments above one thing.
type notes struct {
	doc        string
	directives []directive
}

// get gives the directive of a name.
func (n notes) get(name string) (directive, bool) {
	i := slices.IndexFunc(n.directives, func(d directive) bool { return d.name == name })
	if i < 0 {
		return directive{}, false
	}
	return n.directives[i], true
}

func (n notes) has(name string) bool {
	_, ok := n.get(name)
	return ok
}

func notesOf(group *ast.CommentGroup) notes {
	if group == nil {
		return notes{}
	}
	n := notes{doc: strings.TrimSpace(group.Text())}
	for _, c := range group.List {
		if d, ok := parseDirective(c); ok {
			n.directives = append(n.directives, d)
		}
	}
	return n
}

// targetOf says what a type declaration is to a directive.
func targetOf(spec *ast.TypeSpec) target {
	switch t := spec.Type.(type) {
	case *ast.InterfaceType:
		return onInterface
	case *ast.StructType:
		return onStruct
	case *ast.Ident:
		switch t.Name {
		case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "byte", "rune":
			return onInteger
		}
	}
	return onType
}

// checkDirectives finds directives that are unknown, stand twice, or stand above what
// they are not for.
func (l *loader) checkDirectives(n notes, on target) {
	seen := make(map[string]bool)
	for _, d := range n.directives {
		s := site{pos: d.pos}
		targets, known := directives[d.name]
		switch {
		case !known:
			l.fault(s, "//roam:%s is no directive; there are %s", d.name, knownDirectives())
		case seen[d.name]:
			l.fault(s, "//roam:%s stands twice", d.name)
		case !slices.Contains(targets, on):
			l.fault(s, "//roam:%s stands above %s; it is for %s", d.name, on, oneOf(targets))
		case d.name == "name" && d.args == "":
			l.fault(s, "//roam:name needs the name, as //roam:name load-template")
		}
		seen[d.name] = true
	}
}

func knownDirectives() string {
	var all []string
	for name := range directives {
		all = append(all, "//roam:"+name)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func oneOf(targets []target) string {
	texts := make([]string, len(targets))
	for i, t := range targets {
		texts[i] = string(t)
	}
	return strings.Join(texts, " or ")
}

// checkStray finds directives that stand above nothing.
func (l *loader) checkStray(file *ast.File, attached map[*ast.CommentGroup]bool) {
	for _, group := range file.Comments {
		for _, c := range group.List {
			if m := spaced.FindStringSubmatch(c.Text); m != nil && directives[m[1]] != nil {
				l.fault(site{pos: c.Pos()}, "a space makes this a comment; write //roam:%s", m[1])
			}
			if d, ok := parseDirective(c); ok && !attached[group] {
				l.fault(site{pos: c.Pos()}, "//roam:%s stands above nothing that it could be for; write it in the comment right above a type, constant or method", d.name)
			}
		}
	}
}
