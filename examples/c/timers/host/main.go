// Host asks a guest in C, which serves everybody in one thread, for answers in time.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"sync"
	"time"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/shmring"

	"github.com/roam-rpc/roam-go/examples/c/timers/service"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatalf("usage: %s GUEST", os.Args[0])
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, program string) error {
	host, err := shmring.Create(shmring.Config{MaxGuests: 1})
	if err != nil {
		return err
	}
	defer host.Close()
	cmd := exec.Command(program)
	cmd.Stderr = os.Stderr
	peer, err := host.Spawn(cmd)
	if err != nil {
		return err
	}
	handle, drv, err := driver.EstablishHostPeer(host, peer.ID(), roam.NoService)
	if err != nil {
		return err
	}
	go func() { _ = drv.Run(ctx) }() // how it ends is seen by the calls

	clock := service.NewClockClient(handle)
	if err := waitTogether(ctx, clock, 100); err != nil {
		return err
	}
	if err := tick(ctx, clock); err != nil {
		return err
	}
	return giveUp(ctx, clock)
}

// waitTogether waits in so many calls at once; they take no longer than one.
func waitTogether(ctx context.Context, clock *service.ClockClient, calls int) error {
	var waiting sync.WaitGroup
	errs := make([]error, calls)
	for i := range errs {
		waiting.Go(func() { _, errs[i] = clock.Wait(ctx, 20*time.Millisecond) })
	}
	waiting.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	fmt.Printf("%d calls waited\n", calls)
	return nil
}

// tick prints five ticks.
func tick(ctx context.Context, clock *service.ClockClient) error {
	ticksTx, ticks := roam.Channel[uint32]()
	called := make(chan error, 1)
	go func() { called <- clock.Tick(ctx, 10*time.Millisecond, 5, ticksTx) }()
	for n, err := range ticks.All(ctx) {
		if err != nil {
			break // the call is over, and says why
		}
		fmt.Println("tick", n)
	}
	return <-called
}

// giveUp leaves a call that would take an hour; the guest learns of it and forgets its timer.
func giveUp(ctx context.Context, clock *service.ClockClient) error {
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := clock.Wait(short, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("waiting for an hour in 10 ms gave %w", err)
	}
	waiting, err := clock.Wait(ctx, time.Millisecond)
	if err != nil {
		return err
	}
	fmt.Println("waiting in the guest:", waiting)
	return nil
}
