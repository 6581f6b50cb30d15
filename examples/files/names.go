package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// withHexBytes is a file name as text: bytes that are not UTF-8 become \xHH. So does a
// backslash before an x, so that no two names give the same text; everything else stays
// as it is.
func withHexBytes(name string) string {
	if utf8.ValidString(name) && !strings.Contains(name, `\x`) {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		r, size := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && size == 1 || strings.HasPrefix(name, `\x`) {
			fmt.Fprintf(&b, `\x%02X`, name[0])
		} else {
			b.WriteString(name[:size])
		}
		name = name[size:]
	}
	return b.String()
}

// printable is a name or message on one line of a terminal: withHexBytes, and nothing
// in it breaks the line, moves the cursor or reorders the text.
func printable(text string) string {
	text = withHexBytes(text)
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x80 && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\x%02X`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
