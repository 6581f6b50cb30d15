package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// entry is one file to stream.
type entry struct {
	path string // below the folder that is walked; any bytes a file name may have
	size int64  // when it was found; it may be another when it is read
}

// walk lists the regular files under dir. Symbolic links are not followed, and the
// folder skip, if there is one, is left out. What cannot be read below dir is given to
// report and left out; dir itself failing is the error.
func walk(dir string, skip fs.FileInfo, report func(error)) ([]entry, error) {
	var files []entry
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if path == dir {
				return err
			}
			report(err)
			return nil
		}
		info, err := d.Info()
		switch {
		case err != nil:
			if d.IsDir() || d.Type().IsRegular() {
				report(err)
			}
		case d.IsDir():
			if skip != nil && os.SameFile(info, skip) {
				return filepath.SkipDir
			}
		case info.Mode().IsRegular():
			relative, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			files = append(files, entry{path: relative, size: info.Size()})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return files, nil
}

// source is an open file. Its Close, from any goroutine, is to end a Read that waits.
type source interface {
	io.ReadCloser
	Stat() (fs.FileInfo, error)
}

// openRegular opens what was a regular file when it was listed. It neither follows a
// symbolic link nor waits for a writer if something else has taken its place.
func openRegular(path string) (source, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("no regular file any more: %v", info.Mode().Type())}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
