package c_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/examples/hello/service"
	"github.com/roam-rpc/roam-go/shmring"
)

// toolchain is what a guest is built with.
type toolchain struct {
	cc     string
	static bool // one file, that needs no library where it runs
}

var native = toolchain{cc: "cc"}

// need skips a test where a program is missing.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not there", program)
		}
	}
}

var (
	scratch   string // of all tests
	installed = make(map[toolchain]string)
)

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "roam-c-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(status)
}

// install gives the folder under which libroam is installed, once for all tests, and the
// environment in which it is found.
func install(t *testing.T, with toolchain) []string {
	t.Helper()
	need(t, with.cc, "cmake", "make", "pkg-config")
	prefix, done := installed[with]
	if !done {
		prefix = filepath.Join(scratch, with.cc)
		cmd := exec.CommandContext(t.Context(), filepath.Join(root, "build.sh"), "c-install", "--prefix", prefix)
		if with.static {
			cmd.Args = append(cmd.Args, "--static-only")
		}
		cmd.Env = append(os.Environ(), "CC="+with.cc)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		installed[with] = prefix
	}
	pc, err := filepath.Glob(filepath.Join(prefix, "lib*", "pkgconfig"))
	require.NoError(t, err)
	require.Len(t, pc, 1)
	return append(os.Environ(), "CC="+with.cc, "PKG_CONFIG_PATH="+pc[0], "LD_LIBRARY_PATH="+filepath.Dir(pc[0]))
}

// guest builds the program in a folder of this one as its Makefile says, in a copy; warnings
// are errors.
func guest(t *testing.T, folder, program string, with toolchain) string {
	t.Helper()
	environment := install(t, with)
	copied := t.TempDir()
	require.NoError(t, os.CopyFS(copied, os.DirFS(".")))
	dir := filepath.Join(copied, folder)
	cmd := exec.CommandContext(t.Context(), "make", "-C", dir, program)
	cmd.Env = append(environment, "CFLAGS=-O2 -Wconversion -Wshadow -Werror", "CXXFLAGS=-O2 -Wconversion -Wshadow -Werror")
	if with.static {
		cmd.Env = append(cmd.Env, "LDFLAGS=-static")
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return filepath.Join(dir, program)
}

// host builds a program in Go.
func host(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "host")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// greeter starts a guest that serves Greeter, and calls it.
func greeter(t *testing.T, cmd *exec.Cmd) *service.GreeterClient {
	t.Helper()
	host, err := shmring.Create(shmring.Config{MaxGuests: 1})
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	peer, err := host.Spawn(cmd)
	require.NoError(t, err)
	handle, drv, err := driver.EstablishHostPeer(host, peer.ID(), roam.NoService)
	require.NoError(t, err)
	ran := make(chan error, 1)
	go func() { ran <- drv.Run(context.WithoutCancel(t.Context())) }()
	t.Cleanup(func() {
		assert.NoError(t, host.Close())
		assert.NoError(t, <-ran)
		assert.NoError(t, peer.Wait(), "exit status of the guest")
	})
	return service.NewGreeterClient(handle)
}

// A host cannot tell from the answers in what language its guest is written, with what C
// library, or for which processor.
func TestHostOfAGuestInGoHasOneInC(t *testing.T) {
	hello := host(t, "github.com/roam-rpc/roam-go/examples/hello/host")
	greetings := "Hello, guest!\nHello, Ada!\nHello, Grace!\n"
	t.Run("shared", func(t *testing.T) {
		assert.Equal(t, greetings, run(t, hello, guest(t, "hello", "guest", native), "Ada", "Grace"))
	})
	t.Run("musl", func(t *testing.T) {
		program := guest(t, "hello", "guest", toolchain{cc: "musl-gcc", static: true})
		assert.Equal(t, greetings, run(t, hello, program, "Ada", "Grace"))
	})
	t.Run("arm64", func(t *testing.T) {
		need(t, "qemu-aarch64")
		program := guest(t, "hello", "guest", toolchain{cc: "aarch64-linux-gnu-gcc", static: true})
		emulated := filepath.Join(t.TempDir(), "guest")
		script := fmt.Sprintf("#!/bin/sh\nexec qemu-aarch64 '%s' \"$@\"\n", program)
		require.NoError(t, os.WriteFile(emulated, []byte(script), 0o755))
		assert.Equal(t, greetings, run(t, hello, emulated, "Ada", "Grace"))
	})
}

func TestMinimalGuestIsShort(t *testing.T) {
	source, err := os.ReadFile("hello/guest.c")
	require.NoError(t, err)
	assert.Less(t, strings.Count(string(source), "\n"), 60)
}

func TestGuestsInOtherLanguagesAnswer(t *testing.T) {
	long := strings.Repeat("n", 65)
	languages := map[string]struct {
		greeting string
		guest    func(t *testing.T) *exec.Cmd
	}{
		"C": {"Hello, Ada!", func(t *testing.T) *exec.Cmd { return exec.Command(guest(t, "hello", "guest", native)) }},
		"C++": {"Hello, Ada from C++!", func(t *testing.T) *exec.Cmd {
			need(t, "c++")
			return exec.Command(guest(t, "cpp", "guest", native))
		}},
		"Python": {"Hello, Ada from Python!", func(t *testing.T) *exec.Cmd {
			need(t, "python3")
			cmd := exec.Command("python3", "python/guest.py")
			cmd.Env = install(t, native)
			return cmd
		}},
	}
	for language, l := range languages {
		t.Run(language, func(t *testing.T) {
			client := greeter(t, l.guest(t))
			greeting, err := client.Greet(t.Context(), "Ada")
			require.NoError(t, err)
			assert.Equal(t, l.greeting, greeting)

			_, err = client.Greet(t.Context(), long)
			var tooLong *service.TooLongError
			require.ErrorAs(t, err, &tooLong)
			assert.EqualValues(t, 64, tooLong.Limit)
		})
	}
}

// What a guest does not serve is told to be unknown, and the connection lives.
func TestMethodWithoutAHandlerIsUnknown(t *testing.T) {
	need(t, "c++")
	client := greeter(t, exec.Command(guest(t, "cpp", "guest", native)))
	names, namesRx := roam.Channel[string]()
	greetingsTx, greetings := roam.Channel[string]()
	require.ErrorIs(t, client.GreetAll(t.Context(), namesRx, greetingsTx), roam.ErrUnknownMethod)
	names.Close()
	greetings.Close()
	_, err := client.Greet(t.Context(), "Ada")
	require.NoError(t, err)
}

func TestGuestThatNoHostStartedSaysSo(t *testing.T) {
	program := guest(t, "hello", "guest", native)
	out, err := exec.CommandContext(t.Context(), program).CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 1, exit.ExitCode())
	assert.Contains(t, string(out), "--hub-path")
}

// filter builds the guest that uses libpng.
func filter(t *testing.T) string {
	t.Helper()
	need(t, "pkg-config")
	if exec.Command("pkg-config", "--exists", "libpng").Run() != nil {
		t.Skip("libpng is not there")
	}
	return guest(t, "image/guest", "guest", native)
}

func pixels(t *testing.T, path string) image.Image {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	picture, err := png.Decode(file)
	require.NoError(t, err)
	return picture
}

// The picture in the documentation is what the filter makes of the other one.
func TestFilterMakesThePictureOfTheDocumentation(t *testing.T) {
	pictures := filepath.Join(root, "docs", "pictures")
	out := filepath.Join(t.TempDir(), "sketch.png")
	said := run(t, host(t, "./image/host"), filter(t), "sketch", filepath.Join(pictures, "spheres.png"), out)
	assert.Equal(t, "360 x 225 pixels\n", said)
	want, got := pixels(t, filepath.Join(pictures, "spheres-sketch.png")), pixels(t, out)
	require.Equal(t, want.Bounds(), got.Bounds())
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			require.Equal(t, want.At(x, y), got.At(x, y), "pixel %d, %d", x, y)
		}
	}
}

func TestFilterSaysWhatIsWrongWithAPicture(t *testing.T) {
	program, filter := filter(t), host(t, "./image/host")
	whole, err := os.ReadFile(filepath.Join(root, "docs", "pictures", "spheres.png"))
	require.NoError(t, err)
	damaged := append([]byte(nil), whole...)
	damaged[len(damaged)/2] ^= 1
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"none": []byte("no picture"), "empty": nil, "cut": whole[:len(whole)/2], "damaged": damaged,
	} {
		t.Run(name, func(t *testing.T) {
			in := filepath.Join(dir, name)
			require.NoError(t, os.WriteFile(in, content, 0o600))
			out, err := exec.CommandContext(t.Context(), filter, program, "blur", in, in+".png").CombinedOutput()
			require.Error(t, err)
			assert.Contains(t, string(out), "not a picture: ")
		})
	}
}

func TestOneThreadServesManyTimers(t *testing.T) {
	out := run(t, host(t, "./timers/host"), guest(t, "timers/guest", "guest", native))
	// A loop that comes late to its timer finds several ticks as one.
	assert.Regexp(t, `^100 calls waited\n(tick [1-5]\n){1,5}waiting in the guest: 1\n$`, out)
}

// serve starts the host of join, and returns when guests may join at the socket.
func serve(t *testing.T, socket string) {
	t.Helper()
	cmd := exec.Command(host(t, "./join/host"), socket)
	said, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	buffer := make([]byte, 1024)
	n, err := said.Read(buffer) // its only line
	require.NoError(t, err)
	require.Contains(t, string(buffer[:n]), "guests may join at "+socket)
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		rest, err := io.ReadAll(said)
		assert.NoError(t, err)
		assert.Empty(t, string(rest))
		assert.NoError(t, cmd.Wait())
	})
}

func TestGuestsJoinAndCallTheHost(t *testing.T) {
	program := guest(t, "join", "count", native)
	socket := filepath.Join(t.TempDir(), "socket")
	serve(t, socket)
	var counting sync.WaitGroup
	for lines := range 8 {
		counting.Go(func() {
			cmd := exec.CommandContext(t.Context(), program, socket)
			cmd.Stdin = strings.NewReader(strings.Repeat(strings.Repeat("x", 60)+"\n", lines*5000))
			out, err := cmd.CombinedOutput()
			assert.NoError(t, err)
			assert.Equal(t, fmt.Sprintln(lines*5000), string(out))
		})
	}
	counting.Wait()
}

func TestGuestSaysThatThereIsNoHostToJoin(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), guest(t, "join", "count", native), filepath.Join(t.TempDir(), "socket"))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.True(t, errors.As(err, &exit))
	assert.Equal(t, 1, exit.ExitCode())
	assert.Contains(t, string(out), "socket")
}
