package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/pflag"
)

const help = `usage: demo [--guest c|go|both] [--guests N] [--json FILE] [--out DIR] [DIR]

Starts N guest processes and streams every regular file under DIR to them over
shared memory. The guests give back size, SHA-256, line count and the file as gzip.
Then does the same with guests in Go, if some were in C, and with guests in Go over
Unix sockets, shows all times, and wants the same results.

  --guest c    all guests are the program in C, which is built first: with a C compiler
               ($CC, $CFLAGS and $LDFLAGS are heeded) and zlib
  --guest go   all guests are in Go
  --guest both every second guest is in C, the others are in Go; this is the default
               where C can be built, else it is go
  --guests N   how many guest processes, 1 to 255 (default 2)
  --out DIR    keep the gzip of each file below this folder, under the file's path
               and ".gz"; the folder is made if need be, and is not streamed itself
  --json FILE  write what the shared-memory run found out to FILE
  -h, --help   print this

DIR is $ROAM_DEMO_DIR unless given, and without that the working directory. Symbolic
links below it are not followed. Lines are newline characters, as wc -l counts them.
gzip runs at its fastest level. In names, the table and FILE show bytes that are not
UTF-8 as \xHH, and a backslash before an x as \x5C; the table also escapes control
characters. Runs after the first find the files in the page cache, and keep no gzip.
Each gzip stream must end with the length and checksum of what was sent; its bytes are
others from C than from Go.

The table goes to standard output, progress and faults go to standard error.
Exit status: 0 all done; 1 some file or the run failed; 2 wrong arguments; 130 interrupted.
`

// maxGuests is what one shared-memory host can serve.
const maxGuests = 255

type options struct {
	dir    string // resolved: no symbolic link leads to it
	out    string // "" = keep nothing
	json   string // "" = write none
	guests guestCount
	guest  guestChoice
}

// usageError is arguments that cannot be carried out.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// guestCount is the value of --guests.
type guestCount int

func (n *guestCount) String() string { return strconv.Itoa(int(*n)) }

func (n *guestCount) Type() string { return "N" }

func (n *guestCount) Set(text string) error {
	v, err := strconv.Atoi(text)
	if err != nil || v < 1 || v > maxGuests {
		return fmt.Errorf("must be a number, 1 to %d", maxGuests)
	}
	*n = guestCount(v)
	return nil
}

// guestChoice is the value of --guest; "" when it is not given.
type guestChoice string

const (
	guestsInC    guestChoice = "c"
	guestsInGo   guestChoice = "go"
	guestsInBoth guestChoice = "both"
)

// hasInC says whether the guest with that number is to be in C: of both languages, every
// second one.
func (c guestChoice) hasInC(number int) bool {
	return c == guestsInC || c != guestsInGo && number%2 == 0
}

func (c *guestChoice) String() string { return string(*c) }

func (c *guestChoice) Type() string { return "LANGUAGE" }

func (c *guestChoice) Set(text string) error {
	switch guestChoice(text) {
	case guestsInC, guestsInGo, guestsInBoth:
		*c = guestChoice(text)
		return nil
	}
	return errors.New("must be c, go or both")
}

// parseOptions reads the command line. Errors are pflag.ErrHelp or a *usageError.
func parseOptions(args []string, env func(string) (string, bool)) (options, error) {
	o := options{guests: 2}
	flags := pflag.NewFlagSet("demo", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	flags.StringVar(&o.json, "json", "", "")
	flags.StringVar(&o.out, "out", "", "")
	flags.Var(&o.guests, "guests", "")
	flags.Var(&o.guest, "guest", "")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return options{}, err
		}
		return options{}, &usageError{err}
	}
	for _, name := range []string{"json", "out"} {
		if f := flags.Lookup(name); f.Changed && f.Value.String() == "" {
			return options{}, usagef("--%s needs a name", name)
		}
	}
	if o.guest == guestsInBoth && o.guests < 2 {
		return options{}, usagef("--guest both needs --guests 2 or more, got %d", o.guests)
	}
	dir := "."
	if given, ok := env("ROAM_DEMO_DIR"); ok && given != "" {
		dir = given
	}
	switch flags.NArg() {
	case 0:
	case 1:
		dir = flags.Arg(0)
	default:
		return options{}, usagef("one DIR is expected, got %d: %q", flags.NArg(), flags.Args())
	}
	var err error
	o.dir, err = resolveDir(dir)
	return o, err
}

// resolveDir finds the folder behind DIR, which itself may be a symbolic link.
func resolveDir(dir string) (string, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return "", &usageError{err}
	}
	if !info.IsDir() {
		return "", usagef("%s is not a folder", dir)
	}
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", &usageError{err}
	}
	return resolved, nil
}
