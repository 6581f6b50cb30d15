package usertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// step is one thing that the README tells a new user to do: commands to run, or a file to
// write; or what the last command then prints.
type step struct{ commands, file, code, output string }

// fileName is a link to a file of the tutorial, by its path within it.
var fileName = regexp.MustCompile("\\[`([^`]+)`\\]\\(examples/hello/")

// walk reads the steps of a section of a Markdown text.
func walk(t *testing.T, text, heading string) (steps []step) {
	_, section, ok := strings.Cut(text, "\n## "+heading+"\n")
	require.True(t, ok, "no section %q", heading)
	section, _, _ = strings.Cut(section, "\n## ")
	var commands, fenced strings.Builder
	file, fence := "", ""
	flush := func() {
		if commands.Len() > 0 {
			steps = append(steps, step{commands: commands.String()})
			commands.Reset()
		}
	}
	for line := range strings.Lines(section) {
		command, indented := strings.CutPrefix(line, "    ")
		switch {
		case fence != "" && strings.HasPrefix(line, "```"):
			if fence == "go" {
				require.NotEmpty(t, file, "no file is named for\n%s", fenced.String())
				steps = append(steps, step{file: file, code: fenced.String()})
			} else {
				steps = append(steps, step{output: fenced.String()})
			}
			fence, file = "", ""
		case fence != "":
			fenced.WriteString(line)
		case strings.HasPrefix(line, "```"):
			flush()
			fence = strings.TrimSpace(strings.TrimPrefix(line, "```"))
			fenced.Reset()
		case indented:
			commands.WriteString(command)
		default:
			flush()
			if names := fileName.FindAllStringSubmatch(line, -1); names != nil {
				file = names[len(names)-1][1]
			}
		}
	}
	flush()
	return steps
}

// TestReadmeFollowedWordByWord does what the README tells a new user to do, in an empty
// folder: its commands in a shell, its files as they stand there.
func TestReadmeFollowedWordByWord(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("shared memory is for Linux")
	}
	readme, err := os.ReadFile(filepath.Join(moduleRoot, "README.md"))
	require.NoError(t, err)
	dir := t.TempDir()
	env := append(os.Environ(), proxySettings(t)...)
	printed, checked := "", 0
	for _, s := range walk(t, string(readme), "Your first service") {
		switch {
		case s.commands != "":
			shell := exec.CommandContext(t.Context(), "sh", "-e", "-c", s.commands)
			shell.Dir, shell.Env = dir, env
			var out, said strings.Builder
			shell.Stdout, shell.Stderr = &out, &said
			require.NoError(t, shell.Run(), "%s\n%s%s", s.commands, &out, &said)
			printed = out.String()
			if made, ok := strings.CutPrefix(s.commands, "mkdir "); ok {
				name, _, _ := strings.Cut(made, " ")
				dir = filepath.Join(dir, name) // where its cd went, and the user with it
			}
		case s.file != "":
			file := filepath.Join(dir, filepath.FromSlash(s.file))
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, []byte(s.code), 0o644))
		default:
			assert.Equal(t, s.output, printed)
			checked++
		}
	}
	assert.Equal(t, 1, checked, "the programs' output was compared")
}
