package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newRun is a run over dir, and its files.
func newRun(t *testing.T, dir string) (*run, []entry, *screen) {
	t.Helper()
	files, err := walk(dir, nil, func(err error) { assert.NoError(t, err) })
	require.NoError(t, err)
	stderr := new(screen)
	return &run{dir: dir, open: openRegular, show: newProgress(stderr, false, "run", files)}, files, stderr
}

// outcomeIsRight compares an outcome with the files.
func outcomeIsRight(t *testing.T, files map[string]string, guests int, o outcome) {
	t.Helper()
	assert.Zero(t, o.failed)
	assert.Zero(t, o.undone)
	requireResults(t, files, guests, makeReport(o))
}

func TestEveryKindOfFleetFindsOutTheSame(t *testing.T) {
	files := oddFiles()
	dir := tree(t, files)
	var outcomes []outcome
	forFleets(t, func(t *testing.T, kind fleetKind) {
		r, entries, _ := newRun(t, dir)
		o, err := r.over(context.Background(), startFleet(t, kind, 2).guests, entries)
		require.NoError(t, err)
		outcomeIsRight(t, files, 2, o)
		outcomes = append(outcomes, o)
	})
	d, _, stderr := newDemo(dir)
	for _, o := range outcomes[1:] {
		d.compare(outcomes[0], o)
	}
	assert.Empty(t, stderr.String())
	assert.Zero(t, d.disputed)
}

// manyFiles are as many as a fleet of two works on at once, and more.
func manyFiles() map[string]string {
	files := make(map[string]string)
	for _, c := range "abcdefghijklmnopqrst" {
		files[string(c)] = strings.Repeat(string(c)+"\n", 100_000)
	}
	return files
}

// hold waits until every worker of the guests holds a file at the gate.
func (g *gate) hold(guests int) {
	for range guests * filesPerGuest {
		<-g.reached
	}
}

func TestFilesOfAKilledGuestGoToAnother(t *testing.T) {
	forFleets(t, func(t *testing.T, kind fleetKind) {
		for killed := range 2 {
			t.Run(fmt.Sprint(killed+1), func(t *testing.T) { killOne(t, startFleet(t, kind, 2), killed) })
		}
	})
}

// killOne kills one of two guests in the middle of its files.
func killOne(t *testing.T, f *fleet, index int) {
	files := manyFiles()
	r, entries, stderr := newRun(t, tree(t, files))
	gate := newGate()
	r.open = gate.open
	var err error
	r.out, err = openOutTree(t.TempDir())
	require.NoError(t, err)
	var o outcome
	var running sync.WaitGroup
	running.Go(func() { o, err = r.over(context.Background(), f.guests, entries) })

	gate.hold(2) // all workers are in the middle of a file
	killed, other := f.guests[index], f.guests[1-index]
	require.NoError(t, syscall.Kill(killed.pid, syscall.SIGKILL))
	stderr.await(fmt.Sprintf("%s (pid %d) is lost", killed.identity, killed.pid))
	close(gate.opened)
	running.Wait()
	require.NoError(t, err)

	outcomeIsRight(t, files, 2, o)
	assert.Equal(t, 1, o.lost)
	for _, res := range o.results {
		assert.Equal(t, other.identity, res.by, "the other guest does %q", res.path)
	}
	require.NoError(t, r.out.close())
	requireGzips(t, files, r.out.root.Name(), makeReport(o))
	assert.Equal(t, 1, strings.Count(stderr.String(), "is lost"), "said once: %s", stderr)
}

func TestRunEndsWhenEveryGuestIsKilled(t *testing.T) {
	forGuests(t, func(t *testing.T, guest guestChoice) {
		files := manyFiles()
		d, stdout, stderr := newDemo(tree(t, files))
		d.guest = guest
		d.json = filepath.Join(t.TempDir(), "j")
		d.out = t.TempDir()
		gate := newGate()
		d.open = gate.open
		var err error
		var running sync.WaitGroup
		running.Go(func() { err = d.run(context.Background()) })
		gate.hold(2)
		for _, pid := range pids(stderr.String()) {
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		}
		running.Wait() // the gate stays shut
		assert.EqualError(t, err, "every guest is lost; files not done: 20")
		assert.Equal(t, exitFailed, status(context.Background(), err, io.Discard))
		assert.Contains(t, stdout.String(), "\n0 files, 0 bytes")
		assert.Empty(t, readReport(t, d.json).Files)
		assert.Empty(t, names(t, d.out))
	})
}

// unreadable opens all files but one, and fails in the middle of another.
func unreadable(path string) (source, error) {
	switch filepath.Base(path) {
	case "closed":
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	case "broken\n":
		file, err := openRegular(path)
		return &failing{source: file}, err
	}
	return openRegular(path)
}

// failing gives one read, then an error.
type failing struct {
	source
	begun bool
}

func (f *failing) Read(p []byte) (int, error) {
	if f.begun {
		return 0, errors.New("bad sector")
	}
	f.begun = true
	return f.source.Read(p[:1])
}

func TestUnreadableFilesAreReportedAndTheOthersGoOn(t *testing.T) {
	files := map[string]string{"a": "a", "broken\n": "broken", "closed": "closed", "z": "z"}
	d, stdout, stderr := newDemo(tree(t, files))
	d.json = filepath.Join(t.TempDir(), "j")
	d.out = filepath.Join(t.TempDir(), "out")
	d.open = unreadable
	err := d.run(context.Background())
	assert.ErrorIs(t, err, errIncomplete)
	assert.Equal(t, exitFailed, status(context.Background(), err, io.Discard))
	assert.Contains(t, stderr.String(), "/closed: permission denied\n")
	assert.Contains(t, stderr.String(), `demo: broken\n: bad sector`+"\n")
	assert.Equal(t, 2, strings.Count(stderr.String(), "demo: "), "each once: %s", stderr)
	assert.Contains(t, stdout.String(), "\nratio")
	delete(files, "broken\n")
	delete(files, "closed")
	rep := readReport(t, d.json)
	requireResults(t, files, 2, rep)
	requireGzips(t, files, d.out, rep)
}

// A file counts as what was read of it, whatever its size was when it was listed.
func TestFileThatChangesItsSize(t *testing.T) {
	files := map[string]string{"grown": noise(500_000), "shrunk": noise(10), "same": noise(1000)}
	r, entries, stderr := newRun(t, tree(t, files))
	for i := range entries {
		entries[i].size = 1000
	}
	r.show = newProgress(stderr, false, "run", entries)
	o, err := r.over(context.Background(), startFleet(t, fleetKind{sharedMemory, guestsInGo}, 1).guests, entries)
	require.NoError(t, err)
	outcomeIsRight(t, files, 1, o)
	r.show.end()
	assert.Contains(t, stderr.String(), "run: 3 of 3 files, 501.0 kB\n")
}

func TestChangeBetweenTheRunsIsSaid(t *testing.T) {
	d, _, stderr := newDemo(t.TempDir())
	of := func(contents ...string) (o outcome) {
		for i, content := range contents {
			if content != "" {
				found := findings{digest: digestOf(content), sum: crc32.ChecksumIEEE([]byte(content))}
				o.results = append(o.results, result{path: string(rune('a' + i)), findings: found})
			}
		}
		return o
	}
	d.compare(of("1", "22", "3", "4"), of("1", "2", "", "5"))
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	require.Len(t, lines, 2, "b and d")
	assert.True(t, strings.HasPrefix(lines[0], "demo: b: changed between the runs: 1 bytes, SHA-256 d4735e3a"), lines[0])
	assert.True(t, strings.HasPrefix(lines[1], "demo: d: "), lines[1])
	assert.NoError(t, d.verdict(nil))
}

// Guests that find out different things of the same content are a fault; other bytes of
// gzip are none when they come from another compressor.
func TestGuestsThatDisagreeFailTheDemo(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*result)
		disputed bool
	}{
		"SHA-256":            {change: func(r *result) { r.digest.Sha256[31] ^= 1 }, disputed: true},
		"Lines":              {change: func(r *result) { r.digest.Lines++ }, disputed: true},
		"Gzip":               {change: func(r *result) { r.packed++ }, disputed: true},
		"GzipOfAnother":      {change: func(r *result) { r.packed++; r.by.language = inC }},
		"LinesOfAnother":     {change: func(r *result) { r.digest.Lines++; r.by.language = inC }, disputed: true},
		"GuestAndItsProcess": {change: func(r *result) { r.by.number++ }},
	} {
		t.Run(name, func(t *testing.T) {
			d, _, stderr := newDemo(t.TempDir())
			first := result{path: "a", by: identity{1, inGo}, findings: findings{digest: digestOf("same"), sum: 1, packed: 28}}
			second := first
			c.change(&second)
			d.compare(outcome{way: sharedMemory, results: []result{first}}, outcome{way: unixSocket, results: []result{second}})
			if !c.disputed {
				assert.Empty(t, stderr.String())
				assert.NoError(t, d.verdict(nil))
				return
			}
			assert.Contains(t, stderr.String(), "demo: a: guests disagree: guest 1 in Go found SHA-256 0967115f")
			assert.ErrorContains(t, d.verdict(nil), "different things of the same content; files: 1")
		})
	}
}

func TestInterruptWhileFilesWaitEndsTheRun(t *testing.T) {
	forFleets(t, func(t *testing.T, kind fleetKind) {
		r, entries, _ := newRun(t, tree(t, manyFiles()))
		gate := newGate()
		r.open = gate.open
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		f := startFleet(t, kind, 2)
		var err error
		var running sync.WaitGroup
		running.Go(func() { _, err = r.over(ctx, f.guests, entries) })
		gate.hold(2)
		cancel()
		running.Wait() // the gate stays shut
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestFleetThatCannotStartLeavesNothing(t *testing.T) {
	forFleets(t, func(t *testing.T, kind fleetKind) {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := kind.way.start(ended, kind.programs(t, 2))
		assert.ErrorContains(t, err, "start guest 1: ")
	})
}

// A sparse file: it takes no room on the disk.
func TestFileOver4GiB(t *testing.T) {
	const size = 1<<32 + 1<<20
	dir := tree(t, map[string]string{"zeros": ""})
	require.NoError(t, os.Truncate(filepath.Join(dir, "zeros"), size))
	for _, guest := range []guestChoice{guestsInGo, guestsInC} {
		t.Run(string(guest), func(t *testing.T) {
			if guest == guestsInC {
				needGuestInC(t)
			}
			r, entries, _ := newRun(t, dir)
			o, err := r.over(context.Background(), startFleet(t, fleetKind{sharedMemory, guest}, 1).guests, entries)
			require.NoError(t, err)
			require.Len(t, o.results, 1)
			assert.Equal(t, uint64(size), o.results[0].digest.Bytes)
			assert.Equal(t, zerosHash(t, size), o.results[0].digest.Sha256)
			read, packed := o.bytes()
			assert.Equal(t, uint64(size), read)
			assert.Positive(t, packed)
		})
	}
}

func zerosHash(t *testing.T, size int64) [32]byte {
	t.Helper()
	hash := sha256.New()
	_, err := io.CopyN(hash, zeros{}, size)
	require.NoError(t, err)
	return [32]byte(hash.Sum(nil))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestSomethingElseInAFilesPlaceIsNotOpened(t *testing.T) {
	dir := tree(t, map[string]string{"file": "content", "folder/x": ""})
	require.NoError(t, os.Symlink("file", filepath.Join(dir, "link")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o666))
	for _, name := range []string{"link", "fifo", "folder", "gone"} {
		_, err := openRegular(filepath.Join(dir, name))
		assert.Error(t, err, name)
	}
	file, err := openRegular(filepath.Join(dir, "file"))
	require.NoError(t, err)
	content, err := io.ReadAll(file)
	require.NoError(t, errors.Join(err, file.Close()))
	assert.True(t, bytes.Equal([]byte("content"), content))
}
