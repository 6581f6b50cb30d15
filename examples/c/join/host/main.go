// Host counts lines for programs in C that it did not start: they join by its socket.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/shmring"

	"github.com/roam-rpc/roam-go/examples/hello/service"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatalf("usage: %s SOCKET", os.Args[0])
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, socket string) error {
	host, err := shmring.Create(shmring.Config{})
	if err != nil {
		return err
	}
	defer host.Close()
	if err := host.Listen(socket); err != nil {
		return err
	}
	log.Printf("guests may join at %s", socket)
	err = driver.ServeHost(ctx, host, service.NewLogsDispatcher(service.Lines{}), nil)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
