package shmring

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/leaktest"

	"github.com/roam-rpc/roam-go/internal/layout"
)

func TestSegmentFileIsPrivateAndGoesWithTheHost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "segment")
	host := newHost(t, Config{Path: path})
	assert.Equal(t, path, host.Path())
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.EqualValues(t, 0o600, info.Mode().Perm())
	require.NoError(t, host.Close())
	assert.NoFileExists(t, path)
	names, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Empty(t, names)
}

func TestPathOfALiveHostIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "segment")
	host := newHost(t, Config{Path: path})
	_, err := Create(Config{Path: path})
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, "live host")
	guest, err := Attach(path)
	require.NoError(t, err, "the live host goes on")
	go drive(guest.Link())
	peer, err := host.Accept(t.Context())
	require.NoError(t, err)
	requireEcho(t, peer.Link())
}

func TestStalePathIsReplacedAfterKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "segment")
	dead := run(t, program("host", path))
	require.Equal(t, "serving "+path, dead.line())
	require.NoError(t, dead.cmd.Process.Kill())
	_ = dead.cmd.Wait()
	require.FileExists(t, path)
	_, err := Attach(path)
	require.ErrorIs(t, err, ErrNoHost)

	host := newHost(t, Config{Path: path})
	guest, err := Attach(path)
	require.NoError(t, err)
	go drive(guest.Link())
	peer, err := host.Accept(t.Context())
	require.NoError(t, err)
	requireEcho(t, peer.Link())
}

func TestOneOfManyHostsGetsAStalePath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "segment")
	for range 20 {
		stale, err := createAt(path, smallSegment(t).lay)
		require.NoError(t, err)
		require.NoError(t, stale.close())
		var hosts sync.WaitGroup
		var won atomic.Pointer[Host]
		for range 4 {
			hosts.Go(func() {
				host, err := Create(Config{Path: path, MaxGuests: 1, SlotSize: 64})
				if err == nil {
					assert.Nil(t, won.Swap(host))
				} else {
					assert.ErrorIs(t, err, ErrInUse)
				}
			})
		}
		hosts.Wait()
		require.NotNil(t, won.Load())
		guest, err := Attach(path)
		require.NoError(t, err)
		require.NoError(t, guest.Close())
		require.NoError(t, won.Load().Close())
	}
}

func TestPathOfSomethingElseIsRefusedAndLeftAlone(t *testing.T) {
	folder := t.TempDir()
	foreign := filepath.Join(folder, "foreign")
	seg, err := createAt(foreign, smallSegment(t).lay)
	require.NoError(t, err)
	for id := uint32(1); id <= seg.lay.MaxGuests; id++ {
		*seg.peerU32(id, layout.OffPeerHostFlags) = 0
	}
	require.NoError(t, seg.close())
	text := filepath.Join(folder, "text")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("notes ", 100)), 0o600))
	empty := filepath.Join(folder, "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	link := filepath.Join(folder, "link")
	require.NoError(t, os.Symlink("nowhere", link))
	for path, text := range map[string]string{
		foreign: "holds no lock", text: "magic", empty: "file size is 0", link: "cannot be opened", folder: "cannot be opened",
	} {
		before, err := os.Lstat(path)
		require.NoError(t, err)
		_, err = Create(Config{Path: path})
		require.ErrorIs(t, err, ErrInUse, path)
		require.ErrorContains(t, err, text)
		require.ErrorContains(t, err, path)
		after, err := os.Lstat(path)
		require.NoError(t, err)
		assert.True(t, os.SameFile(before, after))
	}
}

func TestCreateInAMissingFolderNamesIt(t *testing.T) {
	_, err := Create(Config{Path: "/nonexistent/folder/segment"})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "/nonexistent/folder")
}

func TestAttachToWhatIsNoSegment(t *testing.T) {
	leaktest.Check(t)
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("notes ", 100)), 0o600))
	var bound *BoundError
	_, err := Attach(text)
	require.ErrorAs(t, err, &bound)
	assert.Equal(t, "magic", bound.Field)
	_, err = Attach(folder)
	require.Error(t, err)
	_, err = Attach(filepath.Join(folder, "none"))
	require.ErrorIs(t, err, ErrNoHost)
	require.True(t, errors.Is(err, os.ErrNotExist))
}

// A file system without unnamed files gets one with a name in between.
func TestNamedFileIsLinkedAndItsOtherNameRemoved(t *testing.T) {
	folder := t.TempDir()
	file, err := os.CreateTemp(folder, ".segment-*")
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, nameFile(file.Name(), filepath.Join(folder, "segment")))
	assert.FileExists(t, filepath.Join(folder, "segment"))
}
