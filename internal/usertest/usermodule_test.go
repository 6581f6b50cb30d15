package usertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// userProgram imports the public packages that bring the rest with them, and says how
// far it gets: with a host and a guest over a segment, where the system has that.
const userProgram = `package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	roam "` + modulePath + `"
	"` + modulePath + `/driver"
	"` + modulePath + `/shmring"
)

func main() {
	dir, err := os.MkdirTemp("", "user")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	host, err := shmring.Create(shmring.Config{Path: filepath.Join(dir, "segment")})
	if errors.Is(err, shmring.ErrNotSupported) {
		fmt.Println("no shared memory")
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	guest, err := shmring.Attach(host.Path())
	if err != nil {
		log.Fatal(err)
	}
	handle, _, err := driver.EstablishGuest(guest, roam.NoService)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("attached, payloads up to", handle.Limits().MaxPayload)
	if err := errors.Join(guest.Close(), host.Close()); err != nil {
		log.Fatal(err)
	}
}
`

// userProgramSays is what it prints here.
func userProgramSays() string {
	if runtime.GOOS == "linux" && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64") {
		return "attached, payloads up to 65532\n"
	}
	return "no shared memory\n"
}

// builds are the ways a user may build. cgo tells whether the C engine must be in the program; native, whether this
// machine can run it.
var builds = []struct {
	name        string
	env         []string
	flags       []string
	cgo, native bool
}{
	{name: "Cgo", env: []string{"CGO_ENABLED=1"}, cgo: runtime.GOOS == "linux", native: true},
	{name: "WithoutCgo", env: []string{"CGO_ENABLED=0"}, native: true},
	{name: "TagPurego", env: []string{"CGO_ENABLED=1"}, flags: []string{"-tags=purego"}, native: true},
	{name: "Arm64", env: []string{"CGO_ENABLED=0", "GOARCH=arm64"}},
	{name: "Darwin", env: []string{"CGO_ENABLED=0", "GOOS=darwin"}},
	{name: "Windows", env: []string{"CGO_ENABLED=0", "GOOS=windows"}},
}

func TestAnotherModuleGetsAndBuilds(t *testing.T) {
	testBuilds(t, newUserModule(t))
}

func TestAnotherModuleVendorsAndBuilds(t *testing.T) {
	user := newUserModule(t)
	user.run(t, "mod", "vendor")
	requireSameCFiles(t, filepath.Join(moduleRoot, "csrc"),
		filepath.Join(user.dir, "vendor", filepath.FromSlash(modulePath), "csrc"))

	// From here on the vendor folder is all there is.
	testBuilds(t, user.with("GOFLAGS=-mod=vendor", "GOPROXY=off", "GOMODCACHE="+t.TempDir()))
}

func testBuilds(t *testing.T, user userModule) {
	for _, build := range builds {
		t.Run(build.name, func(t *testing.T) {
			if build.env[0] == "CGO_ENABLED=1" {
				requireCompiler(t)
			}
			user := user.with(build.env...)
			program := filepath.Join(t.TempDir(), "program")
			user.run(t, slices.Concat([]string{"build", "-o", program}, build.flags, []string{"."})...)
			assert.Equal(t, build.cgo, user.linksC(t, build.flags))
			if build.native {
				out, err := exec.CommandContext(t.Context(), program).CombinedOutput()
				require.NoError(t, err, "%s", out)
				assert.Equal(t, userProgramSays(), string(out))
			}
		})
	}
}

// requireCompiler skips a test of cgo on a machine that has no C compiler.
func requireCompiler(t *testing.T) {
	t.Helper()
	compiler := strings.Fields(goCommand(t, ".", os.Environ(), "env", "CC"))
	require.NotEmpty(t, compiler)
	if _, err := exec.LookPath(compiler[0]); err != nil {
		t.Skipf("no C compiler on this machine: %v", err)
	}
}

// requireSameCFiles wants every C source and header of folder source in folder vendored, byte for byte.
func requireSameCFiles(t *testing.T, source, vendored string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(source, "*.[ch]"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "C files in %s", source)
	for _, file := range files {
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(vendored, filepath.Base(file)))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), filepath.Base(file))
	}
}

// userModule is a module of somebody else that requires ours.
type userModule struct {
	dir string
	env []string
}

// proxySettings let go commands get our module, as it is in the working tree, from a
// proxy, and others from the machine's module cache and its proxy.
func proxySettings(t *testing.T) []string {
	t.Helper()
	cache := strings.TrimSpace(goCommand(t, ".", os.Environ(), "env", "GOMODCACHE"))
	proxies := []string{
		newProxy(t),
		// The download folder of a module cache is laid out as a proxy is.
		"file://" + filepath.ToSlash(filepath.Join(cache, "cache", "download")),
		strings.TrimSpace(goCommand(t, ".", os.Environ(), "env", "GOPROXY")),
	}
	return []string{
		// A cache of its own: version must not reach the machine's, which would keep it for good.
		"GOMODCACHE=" + t.TempDir(), "GOFLAGS=-modcacherw",
		"GOPROXY=" + strings.Join(proxies, ","), "GOSUMDB=off", "GOPRIVATE=", "GONOPROXY=none",
		"GOWORK=off", "GOTOOLCHAIN=local",
	}
}

// newUserModule makes a module with userProgram in it and gets our module for it from a proxy.
func newUserModule(t *testing.T) userModule {
	t.Helper()
	user := userModule{dir: t.TempDir()}.with(proxySettings(t)...)
	require.NoError(t, os.WriteFile(filepath.Join(user.dir, "main.go"), []byte(userProgram), 0o644))
	user.run(t, "mod", "init", "example.com/user")
	user.run(t, "get", modulePath+"@"+version)
	user.run(t, "mod", "tidy")
	return user
}

// with is m with settings added to the environment of its go commands.
func (m userModule) with(env ...string) userModule {
	m.env = slices.Concat(m.env, env)
	return m
}

// linksC tells whether the program built with flags holds our C code.
func (m userModule) linksC(t *testing.T, flags []string) bool {
	t.Helper()
	list := []string{"list", "-deps", "-f", "{{if .CgoFiles}}{{.ImportPath}}{{end}}"}
	withC := m.run(t, slices.Concat(list, flags, []string{"."})...)
	return slices.Contains(strings.Fields(withC), modulePath+"/csrc")
}

// run runs the go command in the module and returns its standard output.
func (m userModule) run(t *testing.T, args ...string) string {
	t.Helper()
	return goCommand(t, m.dir, slices.Concat(os.Environ(), m.env), args...)
}

func goCommand(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Dir = dir
	command.Env = env
	var failure strings.Builder
	command.Stderr = &failure
	out, err := command.Output()
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), &failure)
	return string(out)
}
