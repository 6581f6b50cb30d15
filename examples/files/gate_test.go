package main

import (
	"os"
	"sync"
)

// gate holds up reads: each file gives some bytes, then waits for the gate to open.
type gate struct {
	reached chan string   // path of a file whose reader waits
	opened  chan struct{} // closed to let all pass
}

func newGate() *gate { return &gate{reached: make(chan string, 1000), opened: make(chan struct{})} }

// open opens a file behind the gate.
func (g *gate) open(path string) (source, error) {
	file, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	return &gated{source: file, gate: g, path: path, closed: make(chan struct{})}, nil
}

type gated struct {
	source
	gate   *gate
	path   string
	begun  bool
	once   sync.Once
	closed chan struct{}
}

// Read gives a first part at once; the rest is behind the gate.
func (f *gated) Read(p []byte) (int, error) {
	if !f.begun {
		f.begun = true
		return f.source.Read(p[:1])
	}
	select {
	case <-f.gate.opened:
		return f.source.Read(p)
	default:
	}
	f.gate.reached <- f.path
	select {
	case <-f.gate.opened:
		return f.source.Read(p)
	case <-f.closed:
		return 0, os.ErrClosed
	}
}

// Close ends a Read that waits.
func (f *gated) Close() error {
	f.once.Do(func() { close(f.closed) })
	return f.source.Close()
}
