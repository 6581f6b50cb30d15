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
