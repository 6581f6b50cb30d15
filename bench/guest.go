package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"

	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/shmring"
)

// guestInC is the environment variable that names the guest program in C to a host
// that is to use it.
const guestInC = "ROAM_BENCH_GUEST"

// guestCommand is this program again, as a guest.
func guestCommand(args ...string) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program to start as a guest: %w", err)
	}
	return &exec.Cmd{Path: program, Args: append([]string{guestRole}, args...), Stderr: os.Stderr}, nil
}

// serveHost is a guest process: it serves until the host ends the connection.
func serveHost(transport string, args []string) error {
	if err := answerControl(); err != nil {
		return err
	}
	switch transport {
	case sharedMemory:
		return serveShm(args)
	case hashicorp:
		return servePlugin()
	}
	serve, ok := socketServers[transport]
	if !ok {
		return fmt.Errorf("unknown transport %q", transport)
	}
	conns, err := dial(args)
	if err != nil {
		return err
	}
	return serve(conns)
}

// socketServers serve on the connections that a guest dialled until the host closes
// them.
var socketServers = map[string]func([]net.Conn) error{
	unixSocket: serveUnix,
	bareSocket: serveBare,
	netRPC:     serveNetRPC,
	containerd: serveTTRPC,
	storj:      serveDRPC,
	googleRPC:  serveGRPC,
}

func serveShm(args []string) error {
	guest, err := shmring.AttachArgs(args)
	if err != nil {
		return err
	}
	_, drv, err := driver.EstablishGuest(guest, service())
	if err != nil {
		return err
	}
	return drv.Run(context.Background())
}

// dial makes the connections that the host asks for: path, number.
func dial(args []string) ([]net.Conn, error) {
	if len(args) != 2 {
		return nil, fmt.Errorf("guest arguments are %q, want a socket's path and a number", args)
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return nil, err
	}
	conns := make([]net.Conn, n)
	for i := range conns {
		if conns[i], err = net.Dial("unix", args[0]); err != nil {
			return nil, err
		}
	}
	return conns, nil
}
