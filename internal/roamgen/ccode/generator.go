package ccode

import (
	"bytes"
	"errors"
	"fmt"
	"go/token"
	"strings"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
)

// generator writes the two files of one package.
type generator struct {
	pkg    *model.Package
	prefix string // of all names, without the underscore behind it

	known map[known]*ctype
	byKey map[string]*ctype
	order []*ctype // that C declares, each after those that it is made of
	items []*ctype // of channels

	tags, idents claims
	pos          token.Pos // of what is being read, for errors
	faults       []error
	told         map[[2]string]bool // of claims, which clash

	out     bytes.Buffer
	helpers map[string]bool // that the source needs, by name
}

// Package writes the header and the source of a package. The result is the same for the
// same model and prefix.
func Package(pkg *model.Package, prefix string) (header, source []byte, err error) {
	g := &generator{pkg: pkg, prefix: prefix, known: make(map[known]*ctype), byKey: make(map[string]*ctype),
		tags: make(claims), idents: make(claims), told: make(map[[2]string]bool), helpers: make(map[string]bool)}
	var services []*service
	for _, s := range pkg.Services {
		services = append(services, g.readService(s))
	}
	if len(g.faults) > 0 {
		return nil, nil, errors.Join(g.faults...)
	}
	return g.header(services), g.source(services), nil
}

// fault says what keeps the package from being written, and where.
func (g *generator) fault(format string, values ...any) {
	text := strings.ReplaceAll(fmt.Sprintf(format, values...), g.pkg.Types.Path()+".", "")
	g.faults = append(g.faults, fmt.Errorf("%s: %s", g.pkg.Position(g.pos), text))
}

// p writes a line.
func (g *generator) p(format string, values ...any) {
	fmt.Fprintf(&g.out, format+"\n", values...)
}

// written runs write and gives what it wrote.
func (g *generator) written(write func()) string {
	outer := g.out
	g.out = bytes.Buffer{}
	write()
	text := g.out.String()
	g.out = outer
	return text
}

// helper has a helper written into the source, and gives its name.
func (g *generator) helper(name string) string {
	g.helpers[name] = true
	return name
}

// widest is the most columns of a line.
const widest = 120

// columns is the width of a text that begins a line.
func columns(text string) int {
	n := 0
	for _, r := range text {
		if r == '\t' {
			n += 8 - n%8
		} else {
			n++
		}
	}
	return n
}

// spread writes what is in parentheses behind head, between it and tail, on as many lines as
// it takes.
func (g *generator) spread(head string, parts []string, tail string) {
	indent := columns(head)
	line := head
	for i, part := range parts {
		if i < len(parts)-1 {
			part += ","
		} else {
			part += tail
		}
		switch {
		case i == 0:
			line += part
		case columns(line+" "+part) > widest:
			g.p("%s", line)
			line = strings.Repeat("\t", indent/8) + strings.Repeat(" ", indent%8) + part
		default:
			line += " " + part
		}
	}
	g.p("%s", line)
}

// pointerTo is the declaration of a pointer, or of a pointer's own, such as const char *name.
func declared(c, name string) string {
	if strings.HasSuffix(c, "*") {
		return c + name
	}
	return c + " " + name
}

// sanitized is text that can stand in a comment: it neither ends it nor begins another, and
// has nothing that changes the direction of what follows.
func sanitized(text string) string {
	text = strings.NewReplacer("*/", "* /", "/*", "/ *", "??/", "?? /").Replace(text)
	return strings.Map(func(r rune) rune {
		if r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == '\r' {
			return -1
		}
		return r
	}, text)
}

// comment writes text as a comment of its own lines, indented by tabs.
func (g *generator) comment(tabs int, text string) {
	indent := strings.Repeat("\t", tabs)
	text = strings.TrimRight(sanitized(text), "\n ")
	if text == "" {
		return
	}
	if !strings.Contains(text, "\n") && columns(indent+"/* "+text+" */") <= widest {
		g.p("%s/* %s */", indent, text)
		return
	}
	g.p("%s/*", indent)
	for line := range strings.Lines(text) {
		g.p("%s", strings.TrimRight(indent+" * "+line, "\n\t "))
	}
	g.p("%s */", indent)
}

// wrapped is text, of one paragraph, on lines that fit into a comment indented by tabs.
func wrapped(tabs int, text string) string {
	var b strings.Builder
	line := 0
	for i, word := range strings.Fields(text) {
		n := columns(word)
		switch {
		case i == 0:
		case 8*tabs+3+line+1+n > widest:
			b.WriteByte('\n')
			line = 0
		default:
			b.WriteByte(' ')
			line++
		}
		b.WriteString(word)
		line += n
	}
	return b.String()
}
