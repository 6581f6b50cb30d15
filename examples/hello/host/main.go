// Host starts a guest program and calls it over shared memory.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/shmring"

	"github.com/roam-rpc/roam-go/examples/hello/service"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatalf("usage: %s GUEST [NAME...]", os.Args[0])
	}
	if err := run(context.Background(), os.Args[1], os.Args[2:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, program string, names []string) error {
	host, err := shmring.Create(shmring.Config{}) // defaults: a sealed memfd, 16 guests
	if err != nil {
		return err
	}
	defer host.Close() // says goodbye; returns when the guest has left and ended

	cmd := exec.Command(program)
	cmd.Stderr = os.Stderr
	peer, err := host.Spawn(cmd) // returns when the guest has attached
	if err != nil {
		return err
	}
	handle, drv, err := driver.EstablishHostPeer(host, peer.ID(), roam.NoService)
	if err != nil {
		return err
	}
	go func() {
		if err := drv.Run(ctx); err != nil { // nil when the guest leaves in order
			log.Printf("guest %d: %v", peer.ID(), err)
		}
	}()

	greeter := service.NewGreeterClient(handle)
	greeting, err := greeter.Greet(ctx, "guest")
	if err != nil {
		return err
	}
	fmt.Println(greeting)
	return greetAll(ctx, greeter, names)
}
