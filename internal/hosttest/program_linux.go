package hosttest

import (
	"bytes"
	"io"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/engine"
)

// Program is a process that the test has started.
type Program struct {
	t     testing.TB
	cmd   *exec.Cmd
	input io.WriteCloser
	said  lockedBuffer
	done  chan struct{}
	ended uint32 // atomic: 1 when done, for those that sleep on words
}

// Start starts cmd; it is killed at the end of the test.
func Start(t testing.TB, cmd *exec.Cmd) *Program {
	t.Helper()
	p := &Program{t: t, cmd: cmd, done: make(chan struct{})}
	cmd.Stderr = &p.said
	var err error
	p.input, err = cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	go func() {
		defer close(p.done)
		_ = cmd.Wait()
		atomic.StoreUint32(&p.ended, 1)
		engine.WakePrivate(&p.ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = p.input.Close()
		<-p.done
	})
	return p
}

// Pid is the process id.
func (p *Program) Pid() int { return p.cmd.Process.Pid }

// Kill ends the process at once.
func (p *Program) Kill() { _ = p.cmd.Process.Kill() }

// Go closes its standard input: some programs wait for that.
func (p *Program) Go() { _ = p.input.Close() }

// Exited waits for the end of the process and gives its exit code. No signal may be what
// ends it.
func (p *Program) Exited() int {
	p.t.Helper()
	p.Ended()
	require.True(p.t, p.cmd.ProcessState.Exited(), "%v; it said %q", p.cmd.ProcessState, p.Said())
	return p.cmd.ProcessState.ExitCode()
}

// Ended waits for the end of the process, however it comes, and of all that have its
// standard error.
func (p *Program) Ended() {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(guard):
		p.t.Fatalf("the program has not ended for %v; it said %q", guard, p.Said())
	}
}

// Running says that it has not ended.
func (p *Program) Running() bool { return atomic.LoadUint32(&p.ended) == 0 }

// Said is what it has written to standard error.
func (p *Program) Said() string { return p.said.String() }

// RequireFailure waits until the program ends with a failure, and says so with each of the
// words.
func (p *Program) RequireFailure(words ...string) {
	p.t.Helper()
	require.Equal(p.t, 1, p.Exited(), "exit code; it said %q", p.Said())
	for _, word := range words {
		require.Contains(p.t, p.Said(), word)
	}
}

// RequireSuccess waits until the program ends without one.
func (p *Program) RequireSuccess() {
	p.t.Helper()
	require.Zero(p.t, p.Exited(), "exit code; it said %q", p.Said())
}

// lockedBuffer is a buffer that goroutines may share.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
