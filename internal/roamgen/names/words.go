package names

import (
	"strings"
	"unicode"
)

// Kebab is name in kebab-case, as method ids are computed from it: GetHTTPURL is
// get-httpurl.
func Kebab(name string) string { return joinLower(Words(name), "-") }

// Snake is name in snake_case, as fields are called on the wire: UserID is user_id.
func Snake(name string) string { return joinLower(Words(name), "_") }

func joinLower(words []string, by string) string { return strings.ToLower(strings.Join(words, by)) }

// Words splits a name at every character that is not a letter or digit, between a
// lower-case letter (or the digits after one) and an upper-case letter, and before the
// last upper-case letter of a run when a lower-case letter follows it. A letter without
// case, as 世, is to this rule what a digit is.
func Words(name string) []string {
	var words []string
	parts := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, part := range parts {
		words = appendWords(words, []rune(part))
	}
	return words
}

// letterCase is that of the last letter that has one.
type letterCase uint8

const (
	noLetter letterCase = iota
	lower
	upper
)

func appendWords(words []string, part []rune) []string {
	start, last := 0, noLetter
	for i, r := range part {
		now := last
		switch {
		case unicode.IsLower(r):
			now = lower
		case unicode.IsUpper(r):
			now = upper
		}
		hasNext := i+1 < len(part)
		switch {
		case hasNext && now == lower && unicode.IsUpper(part[i+1]):
			words = append(words, string(part[start:i+1]))
			start, last = i+1, noLetter
		case hasNext && last == upper && unicode.IsUpper(r) && unicode.IsLower(part[i+1]):
			words = append(words, string(part[start:i]))
			start, last = i, noLetter
		default:
			last = now
		}
	}
	return append(words, string(part[start:]))
}
