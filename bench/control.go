package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
)

// controlPath is the environment variable that names the socket on which a guest tells
// its host what it uses, beside the transport that is measured.
const controlPath = "ROAM_BENCH_CONTROL"

// usageLine is a guest's answer to a byte.
type usageLine struct {
	Pid     int    `json:"pid"`
	Mallocs uint64 `json:"mallocs"`
}

// control asks a guest.
type control struct {
	conn net.Conn
	dec  *json.Decoder
}

// withControl starts a client whose guest can be asked: the guest inherits the path and
// dials before all else.
func withControl(start func() (client, error)) (client, *control, error) {
	dir, err := os.MkdirTemp("", "roam-bench-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "control")
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, nil, err
	}
	defer listener.Close()
	if err := os.Setenv(controlPath, path); err != nil {
		return nil, nil, err
	}
	c, err := start()
	if err != nil {
		return nil, nil, err
	}
	conn, err := listener.Accept()
	if err != nil {
		return nil, nil, errors.Join(err, c.close())
	}
	return c, &control{conn, json.NewDecoder(conn)}, nil
}

// usage is what this process and its guest have used; without a guest there is no
// control.
func (c *control) usage() (spent, error) {
	used, err := usageOf(usageLine{os.Getpid(), mallocs()})
	if c == nil || err != nil {
		return used, err
	}
	if _, err := c.conn.Write([]byte{0}); err != nil {
		return spent{}, fmt.Errorf("ask the guest what it used: %w", err)
	}
	var line usageLine
	if err := c.dec.Decode(&line); err != nil {
		return spent{}, fmt.Errorf("hear from the guest what it used: %w", err)
	}
	guest, err := usageOf(line)
	return spent{used.mallocs + guest.mallocs, used.cpu + guest.cpu}, err
}

func usageOf(line usageLine) (spent, error) {
	cpu, err := cpuTime(line.Pid)
	return spent{line.Mallocs, cpu}, err
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

func (c *control) close() error {
	if c == nil {
		return nil
	}
	return c.conn.Close()
}

// answerControl lets the host of this guest ask, if it wants to.
func answerControl() error {
	path := os.Getenv(controlPath)
	if path == "" {
		return nil
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		return err
	}
	go func() {
		defer conn.Close()
		enc := json.NewEncoder(conn)
		for ask := make([]byte, 1); ; {
			if _, err := io.ReadFull(conn, ask); err != nil {
				return // the host is done
			}
			if err := enc.Encode(usageLine{os.Getpid(), mallocs()}); err != nil {
				return
			}
		}
	}()
	return nil
}
