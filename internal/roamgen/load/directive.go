package load

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/names"
)

// target is what a directive may stand above.
type target string

const (
	onInterface target = "an interface"
	onInteger   target = "an integer type"
	onStruct    target = "a struct"
	onType      target = "another type"
	onConstant  target = "a constant"
	onAlias     target = "an alias"
	onMethod    target = "a method of an interface"
	onEmbedded  target = "an embedded interface"
	onField     target = "a field"
)

// rule says how a directive is written.
type rule struct {
	above []target // what it may stand above
	alone bool     // it takes no argument
}

// directives are the known ones.
var directives = map[string]rule{
	"service":    {[]target{onInterface}, true},
	"enum":       {[]target{onInterface, onInteger}, false},
	"tuple":      {[]target{onStruct}, true},
	"error":      {[]target{onInterface, onMethod}, false},
	"name":       {[]target{onInterface, onInteger, onStruct, onType, onAlias, onConstant, onMethod}, false},
	"inline":     {[]target{onMethod}, true},
	"idempotent": {[]target{onMethod}, true},
	"borrow":     {[]target{onMethod}, true},
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
	on         target
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

func notesOf(group *ast.CommentGroup, on target) notes {
	n := notes{doc: strings.TrimSpace(group.Text()), on: on}
	for _, c := range group.List {
		if d, ok := parseDirective(c); ok {
			n.directives = append(n.directives, d)
		}
	}
	return n
}

// targetOf says what a type declaration is to a directive.
func targetOf(spec *ast.TypeSpec, info *types.Info) target {
	if spec.Assign.IsValid() {
		return onAlias
	}
	declared := info.TypeOf(spec.Name)
	if declared == nil { // it does not compile
		return onType
	}
	switch t := declared.Underlying().(type) {
	case *types.Interface:
		return onInterface
	case *types.Struct:
		return onStruct
	case *types.Basic:
		if t.Info()&types.IsInteger != 0 {
			return onInteger
		}
	}
	return onType
}

// checkDirectives says whether what stands above one thing is right. Directives of the
// packages to generate for are all checked, and those of others where s needs them. A
// fault in another module is told where s is.
func (l *loader) checkDirectives(n notes, s site) bool {
	told := len(l.faults)
	for i, d := range n.directives {
		at := site{pos: d.pos}
		if s.pos.IsValid() && !l.isOurs(d.pos) {
			at = s
		}
		if slices.ContainsFunc(n.directives[:i], func(o directive) bool { return o.name == d.name }) {
			l.fault(at, "//roam:%s stands twice", d.name)
		} else if text := d.fault(n.on); text != "" {
			l.fault(at, "%s", text)
		}
	}
	return len(l.faults) == told
}

// fault says what is wrong with a directive above something, empty when nothing is.
func (d directive) fault(on target) string {
	r, known := directives[d.name]
	switch {
	case !known:
		return fmt.Sprintf("//roam:%s is no directive; there are %s", d.name, knownDirectives())
	case !slices.Contains(r.above, on):
		return fmt.Sprintf("//roam:%s stands above %s; it is for %s", d.name, on, oneOf(r.above))
	case r.alone && d.args != "":
		return fmt.Sprintf("//roam:%s takes nothing behind it; write %q in a line of its own", d.name, d.args)
	case strings.Contains(d.args, "//"):
		return fmt.Sprintf("//roam:%s takes all that is behind it; write the comment in a line of its own", d.name)
	case d.name == "name" && d.args == "":
		return "//roam:name needs the name, as //roam:name load-template"
	case d.name == "name" && !isName(d.args):
		return fmt.Sprintf("%q is no name; write one word of letters and digits, as load-template", d.args)
	}
	return ""
}

// isName says that a name can be hashed into method ids, and is one to other
// implementations.
func isName(name string) bool { return isIdentifier(name) && names.Kebab(name) != "" }

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
			if m := spaced.FindStringSubmatch(c.Text); m != nil && directives[m[1]].above != nil {
				l.fault(site{pos: c.Pos()}, "a space makes this a comment; write //roam:%s", m[1])
			}
			if d, ok := parseDirective(c); ok && !attached[group] {
				l.fault(site{pos: c.Pos()}, "//roam:%s stands above nothing that it could be for; write it in the comment right above a type, constant or method", d.name)
			}
		}
	}
}
