//go:build !linux

package main

import (
	"errors"
	"os/exec"
	"time"
)

func cpuTime(int) (uint64, error) { return 0, nil }

func threads() (int, error) { return 0, nil }

func nap(d time.Duration) { time.Sleep(d) }

func startOnOneCPU(*exec.Cmd) error { return errors.New("no choice of CPUs here") }

func keepOff(int) error { return nil }
