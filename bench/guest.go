package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"

	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/shmring"
)

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
	if transport == sharedMemory {
		guest, err := shmring.AttachArgs(args)
		if err != nil {
			return err
		}
		_, drv, err := driver.EstablishGuest(guest, &testbed.Service{})
		if err != nil {
			return err
		}
		return drv.Run(context.Background())
	}
	conns, err := dial(args)
	if err != nil {
		return err
	}
	if transport == bareSocket {
		return serveBare(conns)
	}
	_, drv, err := driver.EstablishStream(context.Background(), conns[0], driver.Initiator, &testbed.Service{}, limits)
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
