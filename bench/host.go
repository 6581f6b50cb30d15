package main

import (
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
	Case  string        `json:"case"`
	For   time.Duration `json:"for_ns"`
	First bool          `json:"first,omitempty"` // of the case, in these processes
}

// answerLine is what the host process says to it.
type answerLine struct {
	sample
	Error string `json:"error,omitempty"`
}

// subject is what a host process measures.
type subject interface {
	measure(bc benchCase, warmUp, d time.Duration) (sample, error)
	idle(bc benchCase) (*idle, error) // nil where nobody looks
	close() error
}

// serveCommands is a host process: it starts its guest, and measures what each line of
// in asks for until in ends.
func serveCommands(transport string, in io.Reader, out io.Writer) error {
	s, err := startSubject(transport)
	if err != nil {
		return err
	}
	return errors.Join(obey(s, json.NewDecoder(in), json.NewEncoder(out)), s.close())
}

func startSubject(transport string) (subject, error) {
	switch transport {
	case crowdMemory:
		return startCrowd()
	case noTransport:
		return &pair{client: startLoopback()}, nil
	}
	start, ok := clients[transport]
	if !ok {
		return nil, fmt.Errorf("unknown transport %q", transport)
	}
	c, ctl, err := withControl(start)
	if err == nil {
		err = keepOff(0) // now: a guest is on the CPUs of the host that starts it
	}
	return &pair{c, ctl}, err
}

// clients start a guest and connect to it.
var clients = map[string]func() (client, error){
	sharedMemory: startShm,
	withGuestInC: startShm,
	unixSocket:   startUnix,
	bareSocket:   startBare,
	netRPC:       startNetRPC,
	containerd:   startTTRPC,
	storj:        startDRPC,
	googleRPC:    startGRPC,
	hashicorp:    startPlugin,
}

// pair is a host and its guest.
type pair struct {
	client  client
	control *control
}

func (p *pair) measure(bc benchCase, warmUp, d time.Duration) (sample, error) {
	return measureCase(bc, p.client.caller, warmUp, d, p.control.usage)
}

func (*pair) idle(benchCase) (*idle, error) { return nil, nil }

func (p *pair) close() error { return errors.Join(p.control.close(), p.client.close()) }

func obey(s subject, in *json.Decoder, out *json.Encoder) error {
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
		if line.sample, err = carryOut(s, cmd); err != nil {
			line.Error = err.Error()
		}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
}

// What goes before a measurement, unmeasured: a share of its time, and more before the first.
const (
	warmUpShare = 5
	firstWarmUp = 30 * time.Millisecond
)

func carryOut(s subject, cmd command) (sample, error) {
	bc, ok := caseNamed(cmd.Case)
	if !ok {
		return sample{}, fmt.Errorf("unknown case %q", cmd.Case)
	}
	warmUp := cmd.For / warmUpShare
	if cmd.First {
		warmUp = max(warmUp, min(cmd.For, firstWarmUp))
	}
	got, err := s.measure(bc, warmUp, cmd.For)
	if err == nil && cmd.First {
		got.Idle, err = s.idle(bc)
	}
	return got, err
}
