package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// language is what a guest is written in.
type language string

const (
	inGo language = "Go"
	inC  language = "C"
)

// program is what a guest process runs.
type program struct {
	language language
	path     string
}

// command starts a guest.
func (p program) command(args ...string) *exec.Cmd {
	cmd := &exec.Cmd{Path: p.path, Args: append([]string{guestName}, args...)}
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr // standard output is for the result
	ownGroup(cmd)
	return cmd
}

// goPrograms is this program, to be run again as each of the guests.
func goPrograms(guests int) ([]program, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program to start as a guest: %w", err)
	}
	programs := make([]program, guests)
	for i := range programs {
		programs[i] = program{language: inGo, path: path}
	}
	return programs, nil
}

// programs is what each guest of the first run runs, as --guest says; without --guest
// some are in C where this machine can build that. remove is to be called when no guest
// is to be started any more.
func (d *demo) programs(ctx context.Context) (programs []program, remove func(), err error) {
	programs, err = goPrograms(int(d.guests))
	var toBeInC []*program
	for i := range programs {
		if d.guest.hasInC(i + 1) {
			toBeInC = append(toBeInC, &programs[i])
		}
	}
	if err != nil || len(toBeInC) == 0 {
		return programs, func() {}, err
	}
	guest, err := d.build(ctx, d.stderr)
	var lacking *missing
	switch {
	case errors.As(err, &lacking) && d.guest == "":
		d.say("no guest is in C, %v", err)
		return programs, func() {}, nil
	case errors.As(err, &lacking):
		return nil, nil, usagef("--guest %s: %w", d.guest, err)
	case err != nil:
		return nil, nil, err
	}
	for _, p := range toBeInC {
		*p = program{language: inC, path: guest.path}
	}
	return programs, guest.remove, nil
}
