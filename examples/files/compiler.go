package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// compiler is a C compiler: a command, and arguments that it always gets.
type compiler []string

// missing is why this machine builds no guest in C, and what to do about it.
type missing struct{ what, remedy string }

func (m *missing) Error() string { return m.what + ": " + m.remedy }

// findCompiler gives the compiler of $CC, or the first one under a usual name; none if
// nothing is there.
func findCompiler() compiler {
	if cc := strings.Fields(os.Getenv("CC")); len(cc) > 0 {
		return cc
	}
	for _, name := range []string{"cc", "gcc", "clang"} {
		if _, err := exec.LookPath(name); err == nil {
			return compiler{name}
		}
	}
	return nil
}

// run compiles. What the compiler says goes to say.
func (cc compiler) run(ctx context.Context, input string, say io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, cc[0], slices.Concat(cc[1:], args)...)
	cmd.Stdin = strings.NewReader(input)
	cmd.Stdout, cmd.Stderr = say, say
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// try makes a program that uses a header, and nothing of it.
func (cc compiler) try(ctx context.Context, program, header string, flags []string) error {
	source := fmt.Sprintf("#include <%s>\nint main(void) { return 0; }\n", header)
	return cc.run(ctx, source, io.Discard, append([]string{"-o", program, "-x", "c", "-", "-x", "none"}, flags...)...)
}

// check looks for all that a guest needs, and makes program of it. A *missing says what
// is not there.
func (cc compiler) check(ctx context.Context, program string) error {
	var lacking error
	switch {
	case len(cc) == 0:
		lacking = &missing{"there is no C compiler", "install gcc and libc6-dev, or name one in $CC"}
	case cc.try(ctx, program, "pthread.h", nil) != nil:
		lacking = &missing{fmt.Sprintf("the C compiler %q makes no programs", strings.Join(cc, " ")), "install gcc and libc6-dev, or name another in $CC"}
	case cc.try(ctx, program, "zlib.h", zlib(ctx)) != nil:
		lacking = &missing{"zlib is not there", "install zlib1g-dev"}
	}
	if ctx.Err() != nil {
		return ctx.Err() // nothing was tried to its end
	}
	return lacking
}

// zlib is what a compiler is to be told of zlib: what pkg-config says, and where that
// knows nothing, that it lies where libraries do.
func zlib(ctx context.Context) []string {
	flags, err := exec.CommandContext(ctx, "pkg-config", "--cflags", "--libs", "zlib").Output()
	if err != nil {
		return []string{"-lz"}
	}
	return strings.Fields(string(flags))
}
