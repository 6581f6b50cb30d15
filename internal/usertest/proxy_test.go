package usertest

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	modulePath = "github.com/roam-rpc/roam-go"

	// version is one that no release has, so that only the proxy made here can serve it.
	version = "v0.0.0-usertest"
)

// moduleRoot is the root module's folder, seen from this package's.
var moduleRoot = filepath.Join("..", "..")

// newProxy makes a folder that serves the working tree as version of modulePath by the module proxy protocol, and
// returns its URL.
func newProxy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	versions := filepath.Join(dir, filepath.FromSlash(modulePath), "@v")
	require.NoError(t, os.MkdirAll(versions, 0o755))
	write := func(name string, content []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(versions, name), content, 0o644))
	}

	mod, err := os.ReadFile(filepath.Join(moduleRoot, "go.mod"))
	require.NoError(t, err)
	write("list", []byte(version+"\n"))
	write(version+".info", fmt.Appendf(nil, `{"Version":%q,"Time":"2000-01-01T00:00:00Z"}`, version))
	write(version+".mod", mod)

	archive, err := os.Create(filepath.Join(versions, version+".zip"))
	require.NoError(t, err)
	defer archive.Close()
	require.NoError(t, zipModule(archive, os.DirFS(moduleRoot)))
	return "file://" + filepath.ToSlash(dir)
}

// zipModule writes the module's archive: every regular file, but for nested modules, vendor folders and git's own.
func zipModule(w io.Writer, tree fs.FS) error {
	archive := zip.NewWriter(w)
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && !inModule(tree, name):
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		return zipFile(archive, tree, name)
	})
	if err != nil {
		return err
	}
	return archive.Close()
}

// inModule tells whether the folder name belongs to the root module.
func inModule(tree fs.FS, name string) bool {
	if name == "." {
		return true
	}
	if base := path.Base(name); base == ".git" || base == "vendor" {
		return false
	}
	_, err := fs.Stat(tree, path.Join(name, "go.mod"))
	return err != nil
}

func zipFile(archive *zip.Writer, tree fs.FS, name string) error {
	content, err := fs.ReadFile(tree, name)
	if err != nil {
		return err
	}
	file, err := archive.Create(modulePath + "@" + version + "/" + name)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return err
}
