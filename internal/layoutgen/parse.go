package main

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"modernc.org/cc/v4"
	mtoken "modernc.org/token"
)

//go:embed standard
var standard embed.FS

// sources opens what a header includes: files beside it, and the standard ones built in.
type sources struct{ beside fs.FS }

func (s sources) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, "standard/") {
		return standard.Open(name)
	}
	return s.beside.Open(name)
}

// predefined is what a compiler for linux/amd64 defines and the header looks at, and
// the two names that package cc itself asks for.
const predefined = `
#define __SIZE_TYPE__ unsigned long
#define __ORDER_LITTLE_ENDIAN__ 1234
#define __ORDER_BIG_ENDIAN__ 4321
#define __BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__
#define __builtin_offsetof(type, member) ((__SIZE_TYPE__)&(((type *)0)->member))
int __predefined_declarator;
typedef void *__builtin_va_list;
`

// layout is what a header says about bytes.
type layout struct {
	constants []constant // in the order of the headers
	structs   []structure
}

// constant is a macro or an enumerator.
type constant struct {
	name  string
	value any // int64, uint64 or string
	at    mtoken.Position
}

type structure struct {
	tag    string
	size   int64
	fields []field
	at     mtoken.Position
}

type field struct {
	name   string
	offset int64
}

// parse reads the header called name in dir, and what it includes: the constants that
// start with ROAM_ and the structures whose tags are wanted.
func parse(dir fs.FS, name string, wanted []string) (*layout, error) {
	source, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil, err
	}
	abi, err := cc.NewABI("linux", "amd64")
	if err != nil {
		return nil, err
	}
	config := &cc.Config{
		ABI:             abi,
		FS:              sources{dir},
		IncludePaths:    []string{"."},
		SysIncludePaths: []string{"standard"},
		DefaultSizeT:    cc.ULong,
		EvalAllMacros:   true,
		Header:          true,
	}
	ast, err := cc.Translate(config, []cc.Source{
		{Name: "<predefined>", Value: predefined},
		{Name: name, Value: source},
	})
	if err != nil {
		return nil, err
	}

	var result layout
	if err := result.addMacros(ast); err != nil {
		return nil, err
	}
	if err := result.addEnumerators(ast); err != nil {
		return nil, err
	}
	slices.SortFunc(result.constants, func(a, b constant) int {
		return cmp.Or(order(a.at, b.at), cmp.Compare(a.name, b.name))
	})
	if err := result.addStructs(ast, wanted); err != nil {
		return nil, err
	}
	slices.SortFunc(result.structs, func(a, b structure) int { return order(a.at, b.at) })
	return &result, nil
}

// order keeps the definitions of a file together and in their order.
func order(a, b mtoken.Position) int {
	return cmp.Or(cmp.Compare(a.Filename, b.Filename), cmp.Compare(a.Line, b.Line))
}

// addMacros adds each object-like ROAM_ macro with a value. A macro without a
// replacement is an include guard or the like and has none.
func (l *layout) addMacros(ast *cc.AST) error {
	for name, macro := range ast.Macros {
		if macro.IsFnLike || !strings.HasPrefix(name, prefix) || len(macro.ReplacementList()) == 0 {
			continue
		}
		value := macro.Value()
		if unknown(ast, macro.ReplacementList()) {
			value = nil // package cc gives it the value that #if would: 0 for what is not a macro
		}
		// Package cc gives values to integers only; a C string literal with octal escapes is a Go one.
		if text, ok := stringLiteral(macro.ReplacementList()); ok {
			value = cc.StringValue(text)
		}
		if err := l.addConstant(name, value, macro.Name.Position()); err != nil {
			return err
		}
	}
	return nil
}

// unknown reports whether one of the tokens is a name but not a constant macro of ours.
func unknown(ast *cc.AST, tokens []cc.Token) bool {
	return slices.ContainsFunc(tokens, func(t cc.Token) bool {
		name := t.SrcStr()
		if !token.IsIdentifier(name) {
			return false
		}
		macro, ok := ast.Macros[name]
		return !ok || macro.IsFnLike || !strings.HasPrefix(name, prefix)
	})
}

// stringLiteral is the text of a macro that is one string.
func stringLiteral(tokens []cc.Token) (string, bool) {
	if len(tokens) != 1 {
		return "", false
	}
	source := tokens[0].SrcStr()
	text, err := strconv.Unquote(source)
	return text, err == nil && source[0] == '"'
}

func (l *layout) addEnumerators(ast *cc.AST) error {
	for _, nodes := range ast.Scope.Nodes {
		for _, node := range nodes {
			enumerator, ok := node.(*cc.Enumerator)
			if !ok || !strings.HasPrefix(enumerator.Token.SrcStr(), prefix) {
				continue
			}
			if err := l.addConstant(enumerator.Token.SrcStr(), enumerator.Value(), enumerator.Token.Position()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *layout) addConstant(name string, value cc.Value, at mtoken.Position) error {
	c := constant{name: name, at: at}
	switch v := value.(type) {
	case cc.Int64Value:
		c.value = int64(v)
	case cc.UInt64Value:
		c.value = uint64(v)
	case cc.StringValue:
		c.value = string(v)
	default:
		return fmt.Errorf("%v: %s has no constant value", at, name)
	}
	l.constants = append(l.constants, c)
	return nil
}

func (l *layout) addStructs(ast *cc.AST, wanted []string) error {
	var missing []string
	for _, tag := range wanted {
		s, ok := findStruct(ast, tag)
		if !ok {
			missing = append(missing, tag)
			continue
		}
		l.structs = append(l.structs, s)
	}
	if missing != nil {
		return errors.New("no definition of struct " + strings.Join(missing, ", struct "))
	}
	return nil
}

// findStruct looks for the definition among the struct types that were checked.
func findStruct(ast *cc.AST, tag string) (structure, bool) {
	for t := range ast.Structs {
		name := t.Tag()
		if name.SrcStr() != tag || t.IsIncomplete() {
			continue
		}
		s := structure{tag: tag, size: t.Size(), at: name.Position()}
		for i := range t.NumFields() {
			f := t.FieldByIndex(i)
			s.fields = append(s.fields, field{f.Name(), f.Offset()})
		}
		return s, true
	}
	return structure{}, false
}
