package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strconv"
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
	program, err := os.Executable()
	require.NoError(t, err)
	p := &process{cmd: &exec.Cmd{Path: program, Args: append([]string{demoName}, args...)}}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	})
	return p
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

func runDemo(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	p := start(t, args...)
	status = p.wait(t)
	return status, p.stdout.String(), p.stderr.String()
}

var pidLine = regexp.MustCompile(`guest \d+ is process (\d+)\n`)

// pids are the guests that stderr names, in their order.
func pids(stderr string) []int {
	var found []int
	for _, m := range pidLine.FindAllStringSubmatch(stderr, -1) {
		pid, _ := strconv.Atoi(m[1])
		found = append(found, pid)
	}
	return found
}
