package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/shmring"

	roam "github.com/roam-rpc/roam-go"
)

// serveAll makes a host that serves every guest that comes.
func serveAll(path, listen string) error {
	host, err := shmring.Create(shmring.Config{Path: path})
	if err != nil {
		return err
	}
	defer host.Close()
	if err := host.Listen(listen); err != nil {
		return err
	}
	fmt.Println("serving")
	return driver.ServeHost(context.Background(), host, &testbed.Service{}, nil)
}

// serveHost makes a host with one guest, spawned or walking up, and serves it.
func serveHost(path, listen string, program []string) error {
	host, err := shmring.Create(shmring.Config{Path: path, MaxGuests: 2})
	if err != nil {
		return err
	}
	defer host.Close()
	if listen != "" {
		if err := host.Listen(listen); err != nil {
			return err
		}
	}
	peer, pid, err := oneGuest(host, path, program)
	if err != nil {
		return err
	}
	handle, drv, err := driver.EstablishHostPeer(host, peer, roam.NoService)
	if err != nil {
		return err
	}
	ran := make(chan error, 1)
	go func() { ran <- drv.Run(context.Background()) }()
	if _, err := testbed.NewClient(handle).Echo(context.Background(), "are you there?"); err != nil {
		return err
	}
	fmt.Println(pid)
	return <-ran
}

func oneGuest(host *shmring.Host, path string, program []string) (peer uint32, pid int, err error) {
	if path == "" {
		p, err := host.Spawn(exec.Command(program[0], append(program[1:], "-ticket")...))
		if err != nil {
			return 0, 0, err
		}
		return p.ID(), p.Pid(), nil
	}
	cmd := exec.Command(program[0], append(program[1:], "-attach", path)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	p, err := host.Accept(context.Background())
	if err != nil {
		return 0, 0, err
	}
	return p.ID(), cmd.Process.Pid, nil
}
