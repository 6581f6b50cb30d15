package names

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Variant is the wire name of an enum's variant: its Go name, less the enum's own name
// in front where a word ends there. ColorRed of Color is Red, Colorful stays.
func Variant(enum, name string) string {
	rest, ok := strings.CutPrefix(name, enum)
	if !ok {
		return name
	}
	rest = strings.TrimLeft(rest, "_")
	if first, _ := utf8.DecodeRuneInString(rest); unicode.IsUpper(first) {
		return rest
	}
	return name
}

// Exported is name with its first letter in upper case, Unexported in lower case.
func Exported(name string) string { return first(name, unicode.ToUpper) }

// Unexported is name with its first letter in lower case.
func Unexported(name string) string { return first(name, unicode.ToLower) }

func first(name string, change func(rune) rune) string {
	r, size := utf8.DecodeRuneInString(name)
	return string(change(r)) + name[size:]
}
