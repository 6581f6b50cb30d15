package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNamesAreShownWithoutHarm(t *testing.T) {
	for _, c := range []struct{ name, hex, line string }{
		{"plain.txt", "plain.txt", "plain.txt"},
		{"日本 ü", "日本 ü", "日本 ü"},
		{"\xff\xfe.bin", `\xFF\xFE.bin`, `\xFF\xFE.bin`},
		{"cut\xe6\x97", `cut\xE6\x97`, `cut\xE6\x97`},
		{"real \ufffd", "real \ufffd", "real \ufffd"},
		{"two\nlines", "two\nlines", `two\nlines`},
		{"a\tb\rc", "a\tb\rc", `a\tb\rc`},
		{"\x1b[31mred\x7f", "\x1b[31mred\x7f", `\x1B[31mred\x7F`},
		{"right\u202eleft\u0085", "right\u202eleft\u0085", `right\u202Eleft\u0085`},
		{`back\slash`, `back\slash`, `back\slash`},
		{`as text \xFF`, `as text \x5CxFF`, `as text \x5CxFF`},
		{`twice \x5CxFF`, `twice \x5Cx5CxFF`, `twice \x5Cx5CxFF`},
		{"\\\xff", `\\xFF`, `\\xFF`},
	} {
		assert.Equal(t, c.hex, withHexBytes(c.name), "%q", c.name)
		assert.Equal(t, c.line, printable(c.name), "%q", c.name)
	}
}
