package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// hello is the first line of a host process.
type hello struct {
	Engine string `json:"engine"`
}

// command asks a host process for one measurement.
type command struct {
	Case string        `json:"case"`
	For  time.Duration `json:"for_ns"`
}

// answerLine is what the host process says to it.
type answerLine struct {
	sample
	Error string `json:"error,omitempty"`
}

// warmUp is the share of a measurement's time that goes before it, unmeasured.
const warmUp = 5

// serveCommands is a host process: it starts its guest, and measures what each line of
// in asks for until in ends.
func serveCommands(transport string, in io.Reader, out io.Writer) error {
	c, err := start(transport)
	if err != nil {
		return err
	}
	return errors.Join(obey(c, json.NewDecoder(in), json.NewEncoder(out)), c.close())
}

func start(transport string) (client, error) {
	switch transport {
	case sharedMemory:
		return startShm()
	case unixSocket:
		return startUnix()
	case bareSocket:
		return startBare()
	}
	return nil, fmt.Errorf("unknown transport %q", transport)
}

func obey(c client, in *json.Decoder, out *json.Encoder) error {
	if err := out.Encode(hello{engineName}); err != nil {
		return err
	}
	for {
		var cmd command
		if err := in.Decode(&cmd); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var line answerLine
		var err error
		if line.sample, err = carryOut(c, cmd); err != nil {
			line.Error = err.Error()
		}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
}

func carryOut(c client, cmd command) (sample, error) {
	bc, ok := caseNamed(cmd.Case)
	if !ok {
		return sample{}, fmt.Errorf("unknown case %q", cmd.Case)
	}
	ops := c.operations(bc)
	if _, err := measure(context.Background(), ops, cmd.For/warmUp); err != nil {
		return sample{}, err
	}
	return measure(context.Background(), ops, cmd.For)
}
