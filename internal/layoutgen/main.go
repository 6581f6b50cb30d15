package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// shared are the structures that lie in the segment. The header declares others,
// whose layout is nobody's business but the C compiler's.
var shared = []string{
	"roam_header", "roam_peer", "roam_desc", "roam_channel",
	"roam_class", "roam_slot_meta", "roam_extent", "roam_join",
}

func main() {
	header := flag.String("header", "../../csrc/roam/shm.h", "C header to read")
	output := flag.String("out", "../layout/layout.go", "Go file to write")
	check := flag.Bool("check", false, "write nothing; fail if the Go file is not what would be written")
	flag.Parse()
	if err := run(*header, *output, *check); err != nil {
		fmt.Fprintln(os.Stderr, "layoutgen:", err)
		os.Exit(1)
	}
}

// run generates output from header, or with check compares the two.
func run(header, output string, check bool) error {
	model, err := parse(os.DirFS(filepath.Dir(header)), filepath.Base(header), shared)
	if err != nil {
		return fmt.Errorf("parsing %s: %w", header, err)
	}
	generated, err := model.render()
	if err != nil {
		return fmt.Errorf("writing Go for %s: %w", header, err)
	}
	if !check {
		return os.WriteFile(output, generated, 0o644)
	}
	present, err := os.ReadFile(output)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is missing: run ./build.sh generate", output)
	case err != nil:
		return fmt.Errorf("reading the Go constants: %w", err)
	case !bytes.Equal(present, generated):
		return fmt.Errorf("%s is stale against %s: run ./build.sh generate", output, header)
	}
	return nil
}
