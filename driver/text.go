package driver

import (
	"strings"
	"unicode/utf8"
)

func toValidUTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func startsRune(b byte) bool { return utf8.RuneStart(b) }
