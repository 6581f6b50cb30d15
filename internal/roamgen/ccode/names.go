package ccode

import (
	"fmt"
	"go/types"
	"strings"
	"unicode"

	"github.com/roam-rpc/roam-go/internal/roamgen/names"
)

// reserved are words that cannot be the name of a field: keywords of C and C++, and lower-case
// macros of the standard headers and of compilers.
var reserved = func() map[string]bool {
	set := make(map[string]bool)
	for _, word := range strings.Fields(`
		auto break case char const continue default do double else enum extern float for goto if inline int long register
		restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
		alignas alignof and and_eq asm bitand bitor bool catch char8_t char16_t char32_t class compl concept consteval
		constexpr constinit const_cast co_await co_return co_yield decltype delete dynamic_cast explicit export false
		friend mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public
		reinterpret_cast requires static_assert static_cast template this thread_local throw true try typeid typename
		typeof typeof_unqual using virtual wchar_t xor xor_eq
		assert complex errno i386 imaginary linux major makedev minor noreturn offsetof stderr stdin stdout unix`) {
		set[word] = true
	}
	return set
}()

// snake is a Go name as a part of C names: in snake_case, and in ASCII, with u and the code
// for every other letter.
func snake(name string) string {
	var b strings.Builder
	for _, r := range names.Snake(name) {
		switch {
		case r == '_' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			fmt.Fprintf(&b, "u%04x", r)
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}

// member is a Go name as the name of a field, to which an underscore is added where C or
// C++ has the word for itself, and put in front where it starts with a digit.
func member(name string) string {
	name = snake(name)
	switch {
	case name == "" || unicode.IsDigit(rune(name[0])):
		return "_" + name
	case reserved[name]:
		return name + "_"
	}
	return name
}

// literal is text as a C string.
func literal(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `?`, `\?`).Replace(text) + `"`
}

// typeName is a named type's name without the prefix: with its package in front when
// that is another one, and its type arguments behind.
func (g *generator) typeName(t *types.Named) string {
	text := types.TypeString(t, func(p *types.Package) string {
		if p.Path() == g.pkg.Types.Path() {
			return ""
		}
		return p.Name()
	})
	parts := strings.FieldsFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i := range parts {
		parts[i] = snake(parts[i])
	}
	return strings.Join(parts, "_")
}

// IsPrefix says whether the C names of a package may begin with this and an underscore.
func IsPrefix(prefix string) bool {
	for i, r := range prefix {
		if r > unicode.MaxASCII || r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return prefix != "" && prefix[0] != '_' && prefix != "roam"
}

// Prefix is what the C names of a package begin with unless they are told otherwise.
func Prefix(pkg *types.Package) string { return snake(pkg.Name()) }

// claims are the names of one of C's spaces of names, and what has them.
type claims map[string]string

// claim takes a name for something. It is at fault where something else has the name,
// which is told once for two of them.
func (g *generator) claim(space claims, name, owner string) {
	other, taken := space[name]
	switch {
	case !taken:
		space[name] = owner
	case other != owner && !g.told[[2]string{other, owner}]:
		g.told[[2]string{other, owner}] = true
		g.fault("%s and %s are both called %s in C; give one of them another name", other, owner, name)
	}
}
