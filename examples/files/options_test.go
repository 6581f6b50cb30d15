package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/spf13/pflag"
)

func noEnv(string) (string, bool) { return "", false }

func TestOptionsAndTheirDefaults(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	other := filepath.Join(dir, "other")
	require.NoError(t, os.Mkdir(other, 0o777))
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(other, link))
	fromEnv := func(string) (string, bool) { return dir, true }

	for _, c := range []struct {
		name string
		args []string
		env  func(string) (string, bool)
		want options
	}{
		{"Nothing", nil, noEnv, options{dir: ".", guests: 2}},
		{"DirOfTheEnvironment", nil, fromEnv, options{dir: dir, guests: 2}},
		{"DirGivenWins", []string{other}, fromEnv, options{dir: other, guests: 2}},
		{"DirThatIsALink", []string{link}, noEnv, options{dir: other, guests: 2}},
		{"All", []string{"--json", "j", "--guests=255", "--out", "o", other}, noEnv,
			options{dir: other, json: "j", out: "o", guests: 255}},
		{"Guest", []string{"--guest", "c", "--guests=1", other}, noEnv, options{dir: other, guests: 1, guest: guestsInC}},
		{"GuestsOfBoth", []string{"--guests=2", "--guest=both", other}, noEnv, options{dir: other, guests: 2, guest: guestsInBoth}},
		{"FlagsAfterDir", []string{other, "--guests", "1"}, noEnv, options{dir: other, guests: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseOptions(c.args, c.env)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestWrongArgumentsAreUsageErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"NoGuests", []string{"--guests", "0", dir}, "must be a number, 1 to 255"},
		{"TooManyGuests", []string{"--guests", "256", dir}, "must be a number, 1 to 255"},
		{"GuestsNoNumber", []string{"--guests", "two", dir}, "must be a number, 1 to 255"},
		{"GuestInRust", []string{"--guest=rust", dir}, "must be c, go or both"},
		{"OneGuestOfBoth", []string{"--guest", "both", "--guests", "1", dir}, "--guest both needs --guests 2 or more, got 1"},
		{"MissingDir", []string{filepath.Join(dir, "none")}, "no such file"},
		{"DirIsAFile", []string{file}, "is not a folder"},
		{"TwoDirs", []string{dir, dir}, "one DIR is expected, got 2"},
		{"UnknownFlag", []string{"--fast"}, "unknown flag: --fast"},
		{"EmptyOut", []string{"--out=", dir}, "--out needs a name"},
		{"EmptyJSON", []string{"--json", "", dir}, "--json needs a name"},
		{"EmptyDir", []string{""}, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseOptions(c.args, noEnv)
			var usage *usageError
			require.ErrorAs(t, err, &usage)
			assert.ErrorContains(t, err, c.says)
		})
	}
	for _, flag := range []string{"-h", "--help"} {
		_, err := parseOptions([]string{flag}, noEnv)
		assert.ErrorIs(t, err, pflag.ErrHelp)
	}
}
