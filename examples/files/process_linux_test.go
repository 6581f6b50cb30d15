package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// process is a demo in a process of its own.
type process struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr screen
}

// start starts the demo; the test ends it if it does not end itself.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := prepare(t, args...)
	p.start(t)
	return p
}

// prepare is a demo that is not started yet.
func prepare(t *testing.T, args ...string) *process {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	_, _ = testGuest() // for the demo; tests that need it say so themselves
	p := &process{cmd: &exec.Cmd{Path: program, Args: append([]string{demoName}, args...)}}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	return p
}

func (p *process) start(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	})
}

// nobody is a user that owns nothing.
const nobody = 65534

// asNobody has p run as nobody, with a copy of the program that nobody may run. It
// owns the given folders and what lies in them, and can get to them.
func asNobody(t *testing.T, p *process, folders ...string) {
	t.Helper()
	program, err := os.ReadFile(p.cmd.Path)
	require.NoError(t, err)
	p.cmd.Path = filepath.Join(t.TempDir(), "demo")
	require.NoError(t, os.WriteFile(p.cmd.Path, program, 0o755))
	for _, folder := range append(folders, filepath.Dir(p.cmd.Path)) {
		require.NoError(t, os.Chmod(filepath.Dir(folder), 0o755)) // the test's own, made for root alone
		require.NoError(t, filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, nobody, nobody)
		}))
	}
	p.cmd.Dir = folders[0]
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// wait returns the exit status. Guests hold the demo's standard error, whose end it
// waits for: when it returns they are gone too.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &exit)
	}
	return p.cmd.ProcessState.ExitCode()
}

// building has p build its guest in C, with more in its environment, and gives the folder
// in which it keeps what is temporary.
func (p *process) building(t *testing.T, environment ...string) string {
	t.Helper()
	temporary := t.TempDir()
	p.cmd.Args[0] = demoBuildingName
	p.cmd.Env = append(os.Environ(), append(environment, "TMPDIR="+temporary)...)
	return temporary
}

func runDemo(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	p := start(t, args...)
	status = p.wait(t)
	return status, p.stdout.String(), p.stderr.String()
}

var pidLine = regexp.MustCompile(`guest \d+ in \w+ is process (\d+)\n`)

// pids are the guests that stderr names, in their order.
func pids(stderr string) []int {
	var found []int
	for _, m := range pidLine.FindAllStringSubmatch(stderr, -1) {
		pid, _ := strconv.Atoi(m[1])
		found = append(found, pid)
	}
	return found
}
