package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
)

// running is a contender whose processes run, or start for each measurement.
type running interface {
	measure(cmd command) (sample, error)
	// end lets the processes end and waits for them.
	end() error
}

// start starts a contender's processes for the cases of one place.
func (c contender) start(files map[program]string, where place, profiles string) (running, error) {
	file := files[c.program]
	if c.program == floorProgram || c.program == pathProgram {
		return &floor{file: file, mode: c.transport, env: where.env()}, nil
	}
	transport := c.transport
	if where == crowded {
		transport = crowdMemory
	}
	env := where.env()
	if profiles != "" {
		env = append(env, profileDir+"="+profiles)
	}
	if c.transport == withGuestInC {
		env = append(env, guestInC+"="+files[guestProgram])
	}
	p, err := startProcess(file, transport, where, env)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	return p, nil
}

// keepApart is the environment variable that has a host stay on the first CPU that it may
// use, and its guest on the second.
const keepApart = "ROAM_BENCH_APART"

// env is what the processes of a place are told.
func (p place) env() []string {
	if p != ownCPUs {
		return nil
	}
	// A process that finds itself on one CPU would otherwise take on what suits a machine
	// with one.
	return []string{keepApart + "=1", "GOMAXPROCS=" + strconv.Itoa(runtime.GOMAXPROCS(0))}
}

// process is a host process, as the parent sees it.
type process struct {
	cmd *exec.Cmd
	in  io.Closer
	enc *json.Encoder
	dec *json.Decoder
}

// startProcess starts a host and waits until its guest is connected.
func startProcess(file, transport string, where place, env []string) (*process, error) {
	cmd := &exec.Cmd{Path: file, Args: []string{hostRole, transport}, Stderr: os.Stderr}
	cmd.Env = append(cmd.Environ(), env...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	start := cmd.Start
	if where == oneCPU {
		start = func() error { return startOnOneCPU(cmd) }
	}
	if err := start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, in: in, enc: json.NewEncoder(in), dec: json.NewDecoder(out)}
	var first hello
	if err := p.dec.Decode(&first); err != nil {
		return nil, errors.Join(err, p.end())
	}
	return p, nil
}

func (p *process) measure(cmd command) (sample, error) {
	if err := p.enc.Encode(cmd); err != nil {
		return sample{}, err
	}
	var line answerLine
	if err := p.dec.Decode(&line); err != nil {
		return sample{}, err
	}
	if line.Error != "" {
		return sample{}, errors.New(line.Error)
	}
	return line.sample, nil
}

func (p *process) end() error { return errors.Join(p.in.Close(), p.cmd.Wait()) }

// floor is a program in C that starts its guest itself and measures once a run.
type floor struct {
	file, mode string
	env        []string
}

func (f *floor) measure(cmd command) (sample, error) {
	c, ok := caseNamed(cmd.Case)
	if !ok {
		return sample{}, fmt.Errorf("unknown case %q", cmd.Case)
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	gap := number(c.gap.Nanoseconds())
	if c.load == halfOpen {
		gap = "half"
	}
	run := exec.Command(f.file, f.mode, number(int64(c.payload)), number(int64(c.items)), gap, number(cmd.For.Nanoseconds()))
	run.Env = append(run.Environ(), f.env...)
	run.Stderr = os.Stderr
	out, err := run.Output()
	if err != nil {
		return sample{}, err
	}
	var got sample
	return got, json.Unmarshal(out, &got)
}

func (f *floor) end() error { return nil }
