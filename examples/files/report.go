package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
)

// report is the file of --json.
type report struct {
	Files     []fileReport     `json:"files"`
	Languages []languageReport `json:"languages"`
	Seconds   float64          `json:"seconds"`
	Bytes     uint64           `json:"bytes"`
	Transport string           `json:"transport"`
}

type fileReport struct {
	Path      string `json:"path"` // by withHexBytes
	Bytes     uint64 `json:"bytes"`
	SHA256    string `json:"sha256"`
	Lines     uint64 `json:"lines"`
	GzipBytes uint64 `json:"gzip_bytes"`
	Guest     int    `json:"guest"`
	Language  string `json:"language"` // of the guest
}

// languageReport is what the guests of one language did.
type languageReport struct {
	Language       string `json:"language"`
	Guests         int    `json:"guests"`
	Files          int    `json:"files"`
	Bytes          uint64 `json:"bytes"`
	GzipBytes      uint64 `json:"gzip_bytes"`
	BytesPerSecond int64  `json:"bytes_per_second"`
}

func makeReport(o outcome) report {
	read, _ := o.bytes()
	rep := report{Files: make([]fileReport, len(o.results)), Seconds: o.took.Seconds(), Bytes: read, Transport: o.way.name}
	for i := range o.results {
		r := &o.results[i]
		rep.Files[i] = fileReport{
			Path: withHexBytes(r.path), Bytes: r.digest.Bytes, SHA256: hex.EncodeToString(r.digest.Sha256[:]),
			Lines: r.digest.Lines, GzipBytes: r.packed, Guest: r.by.number, Language: string(r.by.language),
		}
	}
	for _, s := range o.shares() {
		rep.Languages = append(rep.Languages, languageReport{
			Language: string(s.language), Guests: s.guests, Files: s.files, Bytes: s.read, GzipBytes: s.packed,
			BytesPerSecond: rate(s.read, o.took),
		})
	}
	return rep
}

// reportFile is where a report goes. It is opened before any work is done, so that a
// wrong name shows at once. A nil reportFile is none.
type reportFile struct {
	*os.File
	path string // the file's name once the report is whole; "" when it has it already
}

// openReport prepares to write to path. A new or plain file gets the report whole or
// not at all; anything else, such as a pipe, is written to.
func openReport(path string) (*reportFile, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &reportFile{File: file}, nil
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	part := filepath.Join(filepath.Dir(path), unfinishedName())
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	return &reportFile{File: file, path: path}, nil
}

// write writes the report.
func (f *reportFile) write(rep report) error {
	if f == nil {
		return nil
	}
	e := json.NewEncoder(f)
	e.SetEscapeHTML(false)
	if err := e.Encode(rep); err != nil {
		return err
	}
	if err := f.Close(); err != nil || f.path == "" {
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return err
	}
	f.path = ""
	return nil
}

// drop leaves nothing unfinished behind; after write it does nothing.
func (f *reportFile) drop() {
	if f == nil {
		return
	}
	_ = f.Close() // closed already after write
	if f.path != "" {
		_ = os.Remove(f.Name())
	}
}
