package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
)

// profileDir is the environment variable that names the folder for CPU profiles.
const profileDir = "ROAM_BENCH_PROFILE"

// startProfile profiles this process until stop, if it was asked for.
func startProfile(role string) (stop func() error, err error) {
	dir := os.Getenv(profileDir)
	if dir == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s-%s-%s-%d.prof", engineName, os.Args[1], role, os.Getpid())))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
