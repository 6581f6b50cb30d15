package shmring

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/leaktest"
)

// programEnv names the program that this test binary is to run instead of the tests:
// guests and hosts in processes of their own.
const programEnv = "SHMRING_TEST_PROGRAM"

var programs = map[string]func() error{
	"echo":     echoProgram,
	"environ":  environProgram,
	"walk":     walkProgram,
	"join":     joinProgram,
	"silent":   silentProgram,
	"exit":     func() error { os.Exit(3); return nil },
	"wrapper":  wrapperProgram,
	"deserter": deserterProgram,
	"deaf":     deafProgram,
	"host":     hostProgram,

	"foreign-guest": foreignGuestProgram,
	"foreign-host":  foreignHostProgram,
}

func TestMain(m *testing.M) {
	if name := os.Getenv(programEnv); name != "" {
		if err := programs[name](); err != nil {
			fmt.Fprintln(os.Stderr, name+":", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// binaryEnv names another build of this test binary that is to run the programs: with
// the other engine, so that hosts and guests of both kinds meet.
const binaryEnv = "SHMRING_TEST_BINARY"

// program is the command for one of the programs.
func program(name string, args ...string) *exec.Cmd {
	binary := os.Getenv(binaryEnv)
	if binary == "" {
		binary = "/proc/self/exe"
	}
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), programEnv+"="+name, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	return cmd
}

// echoProgram answers every Request with its payload until the host ends it.
func echoProgram() error {
	guest, err := AttachArgs(os.Args[1:])
	if err != nil {
		return err
	}
	return serveEcho(guest)
}

// environProgram is echo for a guest that does not look at its arguments.
func environProgram() error {
	guest, err := AttachArgs(nil)
	if err != nil {
		return err
	}
	return serveEcho(guest)
}

// walkProgram walks up to the path in its argument.
func walkProgram() error {
	guest, err := Attach(os.Args[1])
	if err != nil {
		return err
	}
	return serveEcho(guest)
}

// joinProgram joins over the socket in its argument.
func joinProgram() error {
	guest, err := Join(context.Background(), os.Args[1])
	if err != nil {
		return err
	}
	return serveEcho(guest)
}

func serveEcho(guest *Guest) error {
	fmt.Println("attached", guest.ID())
	err := echo(guest.Link())
	fmt.Println("ended:", err)
	return guest.Close()
}

// silentProgram never attaches.
func silentProgram() error {
	untilKilled()
	return nil
}

func untilKilled() {
	never := make(chan os.Signal, 1)
	signal.Notify(never, os.Interrupt)
	<-never
}

// wrapperProgram passes everything, doorbell and ticket included, on to an echo guest
// of its own, and ends when its standard input does, without waiting for it.
func wrapperProgram() error {
	t, err := parseTicket(os.Args[1:])
	if err != nil {
		return err
	}
	cmd := program("echo", t.args()...)
	for fd := 3; fd <= t.doorbell; fd++ { // the same number on the other side
		cmd.ExtraFiles = append(cmd.ExtraFiles, os.NewFile(uintptr(fd), "inherited"))
	}
	cmd.Stdout = os.Stdout
	if err := cmd.Start(); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// deserterProgram attaches and exits at once, without a word.
func deserterProgram() error {
	if _, err := AttachArgs(os.Args[1:]); err != nil {
		return err
	}
	os.Exit(7)
	return nil
}

// deafProgram attaches and then does nothing, whatever the host says.
func deafProgram() error {
	guest, err := AttachArgs(os.Args[1:])
	if err != nil {
		return err
	}
	fmt.Println("attached", guest.ID())
	untilKilled()
	return nil
}

// hostProgram makes a host at the path in its argument ("" a memfd), with a socket at
// the second if there is one, and says where guests attach.
func hostProgram() error {
	host, err := Create(Config{Path: os.Args[1]})
	if err != nil {
		return err
	}
	if len(os.Args) > 2 {
		if err := host.Listen(os.Args[2]); err != nil {
			return err
		}
	}
	fmt.Println("serving", host.Path())
	if os.Args[1] == "" {
		cmd := program("echo")
		cmd.Stdout = os.Stdout
		if _, err := host.Spawn(cmd); err != nil {
			return err
		}
	}
	untilKilled()
	return nil
}

// process is a started program whose standard output is read line by line.
type running struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func run(t *testing.T, cmd *exec.Cmd) *running {
	t.Helper()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	r := &running{t, cmd, bufio.NewScanner(out)}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return r
}

// line waits for the next line of output.
func (r *running) line() string {
	r.t.Helper()
	require.True(r.t, r.lines.Scan(), "no more output: %v", r.lines.Err())
	return r.lines.Text()
}

// echo is a guest's service: it answers until the link ends, with whose error it
// returns.
func echo(l *Link) error {
	batch := NewBatch(8)
	for {
		n, err := l.Receive(batch)
		for _, m := range batch.Messages[:n] {
			if m.Type != MsgRequest {
				continue
			}
			if err := send1(l, &Message{Type: MsgResponse, ID: m.ID, Payload: m.Payload}); err != nil {
				return err
			}
		}
		l.Notify()
		if err != nil {
			return err
		}
		if n == 0 {
			awaitKind(l, KindMessages, l.Pending)
		}
	}
}

// send1 sends one message, waiting for room.
func send1(l *Link, m *Message) error {
	for {
		err := l.Stage(m, nil)
		switch err {
		case nil:
			l.Commit()
			l.Notify()
			return nil
		case ErrNoSpace:
			awaitKind(l, KindSpace, func() bool { return false })
		case ErrNoSlot:
			awaitKind(l, KindSlot, func() bool { return false })
		default:
			return err
		}
	}
}

// awaitKind sleeps once for a kind; the caller looks again.
func awaitKind(l *Link, k Kind, there func() bool) {
	l.Arm(k, 0)
	defer l.Disarm(k, 0)
	if !there() {
		_ = l.Wait(true)
	}
}

// call sends a Request and waits for its Response.
func call(l *Link, id uint32, payload string) (string, error) {
	if err := send1(l, &Message{Type: MsgRequest, ID: id, Method: 1, Payload: []byte(payload)}); err != nil {
		return "", err
	}
	batch := NewBatch(1)
	for {
		n, err := l.Receive(batch)
		switch {
		case n > 0 && batch.Messages[0].Type == MsgResponse && batch.Messages[0].ID == id:
			return string(batch.Messages[0].Payload), nil
		case err != nil:
			return "", err
		case n == 0:
			awaitKind(l, KindMessages, l.Pending)
		}
	}
}

// requireEcho shows that a guest works, inline and by slot.
func requireEcho(t *testing.T, l *Link) {
	t.Helper()
	for i, payload := range []string{"", "hello", strings.Repeat("0123456789", 20)} {
		got, err := call(l, uint32(i+1), payload)
		require.NoError(t, err)
		require.Equal(t, payload, got)
	}
}

// newHost makes a host that is closed, and leaves nothing behind, when the test ends.
func newHost(t *testing.T, cfg Config) *Host {
	t.Helper()
	leaktest.Check(t)
	host, err := Create(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, peer := range host.Peers() {
			go drive(peer.Link())
		}
		assert.NoError(t, host.Close())
	})
	return host
}

// driven are the links that have a driver: one may have only one.
var driven sync.Map

// drive is the least that a driver does: it receives until the link ends, and leaves.
func drive(l *Link) {
	if _, has := driven.LoadOrStore(l, true); has {
		return
	}
	_ = echo(l)
	_ = l.Leave(context.Background(), "")
}
