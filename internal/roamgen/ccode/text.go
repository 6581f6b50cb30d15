package ccode

import "strings"

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

// declared is a declaration: a C type with a name, such as struct roam_tx *tx.
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
