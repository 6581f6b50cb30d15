package gocode

import (
	"fmt"
	"go/scanner"
	"go/token"
	"strconv"
	"strings"
)

// A variable is written with a dollar in front, as $e, and an argument of a method with
// its number, as $1, until the function around it is complete. Only then is it known
// what else the function names: types, packages, constants and what is predeclared. A
// variable whose name is among those would hide it, and gets another.

// function writes whole declarations, whose variables are named here. arguments are the
// names that $1, $2 and so on have if they can.
func (g *generator) function(arguments []string, write func()) {
	g.out.WriteString(nameVariables(g.body(write), arguments))
}

// variable is a place where code names one.
type variable struct {
	name       string // without the dollar
	start, end int
}

// scan finds the variables of code, and all other names that it has but those behind a
// dot.
func scan(code string) (variables []variable, others map[string]bool) {
	source := []byte(code)
	file := token.NewFileSet().AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, 0)
	others = make(map[string]bool)
	before := token.ILLEGAL
	dollar := -1 // place of the one right before
	for {
		pos, tok, text := s.Scan()
		at := file.Offset(pos)
		switch {
		case tok == token.EOF:
			return variables, others
		case dollar >= 0 && dollar+1 == at:
			variables = append(variables, variable{text, dollar, at + len(text)})
		case tok == token.IDENT && before != token.PERIOD:
			others[text] = true
		}
		dollar = -1
		if tok == token.ILLEGAL && text == "$" {
			dollar = at
		}
		before = tok
	}
}

// uses says whether code names a variable.
func uses(code, name string) bool {
	variables, _ := scan(code)
	for _, v := range variables {
		if v.name == name {
			return true
		}
	}
	return false
}

// nameVariables gives every variable of code a name that nothing else there has.
func nameVariables(code string, arguments []string) string {
	variables, taken := scan(code)
	chosen := make(map[string]string)
	for _, v := range variables {
		if _, err := strconv.Atoi(v.name); err != nil && chosen[v.name] == "" {
			chosen[v.name] = free(v.name, taken, func(n int) string { return v.name + strconv.Itoa(n) })
		}
	}
	for i, name := range unlike(taken, arguments) {
		chosen[strconv.Itoa(i+1)] = name
	}
	var named strings.Builder
	end := 0
	for _, v := range variables {
		named.WriteString(code[end:v.start] + chosen[v.name])
		end = v.end
	}
	return named.String() + code[end:]
}

// unlike gives arguments names that are not taken, and takes them.
func unlike(taken map[string]bool, arguments []string) []string {
	names := make([]string, len(arguments))
	for i, name := range arguments {
		names[i] = free(name, taken, func(n int) string { return name + strings.Repeat("Arg", n-1) })
	}
	return names
}

// free is the first of base, other(2), other(3) and so on that is not taken. It is then.
func free(base string, taken map[string]bool, other func(n int) string) string {
	name := base
	for n := 2; taken[name]; n++ {
		name = other(n)
	}
	taken[name] = true
	return name
}

// parameter is the mark of the nth argument of a method, counted from 0.
func parameter(n int) string { return fmt.Sprintf("$%d", n+1) }

// blankUnless is a variable, or the blank where code does not use it.
func blankUnless(code, name string) string {
	if uses(code, name) {
		return "$" + name
	}
	return "_"
}
