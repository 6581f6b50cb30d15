package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// process is a host process, as the parent sees it.
type process struct {
	cmd *exec.Cmd
	in  io.Closer
	enc *json.Encoder
	dec *json.Decoder
}

// startProcess starts a contender's host and waits until its guest is connected.
func startProcess(program string, c contender, profiles string) (*process, error) {
	cmd := &exec.Cmd{Path: program, Args: []string{hostRole, c.transport}, Stderr: os.Stderr}
	if profiles != "" {
		cmd.Env = append(cmd.Environ(), profileDir+"="+profiles)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, in: in, enc: json.NewEncoder(in), dec: json.NewDecoder(out)}
	var first hello
	if err := p.dec.Decode(&first); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", c.name, err), p.end())
	}
	return p, nil
}

func (p *process) measure(c benchCase, d time.Duration) (sample, error) {
	if err := p.enc.Encode(command{Case: c.name, For: d}); err != nil {
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

// end lets the process end and waits for it.
func (p *process) end() error { return errors.Join(p.in.Close(), p.cmd.Wait()) }
