package load

import (
	"cmp"
	"fmt"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// Fault is one thing that keeps a service from being generated.
type Fault struct {
	Pos token.Position
	// Path leads from the service to what is wrong; may be empty.
	Path string
	Text string // what is wrong, and what to do instead
}

// String is the fault on one line, with file, line and column in front.
func (f Fault) String() string {
	if f.Path == "" {
		return fmt.Sprintf("%s: %s", f.Pos, f.Text)
	}
	return fmt.Sprintf("%s: %s: %s", f.Pos, f.Path, f.Text)
}

// Faults are all the faults of a run, in the order of the source.
type Faults []Fault

// Error is the faults, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

func (f Faults) sorted() Faults {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Pos.Filename, b.Pos.Filename), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	return slices.Compact(f)
}

// position is a place as faults say it.
func (l *loader) position(pos token.Pos) token.Position { return l.relative(l.fset.Position(pos)) }

// relative makes a file name relative to where the program runs, if that is shorter.
func (l *loader) relative(pos token.Position) token.Position {
	if rel, err := filepath.Rel(l.dir, pos.Filename); err == nil && len(rel) < len(pos.Filename) {
		pos.Filename = rel
	}
	return pos
}

// site is a place in the source with the path that led there.
type site struct {
	pos  token.Pos
	path []string
}

// at leads one step on. The place stays where it is when pos is in a file of another
// module, which who reads of the fault cannot change.
func (l *loader) at(s site, pos token.Pos, step string) site {
	if !l.isOurs(pos) {
		pos = s.pos
	}
	return site{pos, append(slices.Clip(s.path), step)}
}

// isOurs says that a place is in the module that services are generated for.
func (l *loader) isOurs(pos token.Pos) bool { return pos.IsValid() && l.ours[l.fset.File(pos)] }

func (l *loader) fault(s site, format string, values ...any) {
	l.faults = append(l.faults, Fault{
		Pos: l.position(s.pos), Path: strings.Join(s.path, ": "), Text: fmt.Sprintf(format, values...),
	})
}
