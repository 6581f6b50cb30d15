// Host has a guest in C change a picture: a fault in the code that reads pictures ends
// the guest and not the host.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/shmring"

	"github.com/roam-rpc/roam-go/examples/c/image/service"
)

var effects = map[string]service.Effect{
	"blur":   service.EffectBlur,
	"sketch": service.EffectSketch,
	"emboss": service.EffectEmboss,
}

func main() {
	if len(os.Args) != 5 {
		log.Fatalf("usage: %s GUEST blur|sketch|emboss IN.png OUT.png", os.Args[0])
	}
	effect, ok := effects[os.Args[2]]
	if !ok {
		log.Fatalf("effect %q is none of blur, sketch and emboss", os.Args[2])
	}
	if err := run(context.Background(), os.Args[1], effect, os.Args[3], os.Args[4]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, program string, effect service.Effect, from, to string) error {
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
	go func() { _ = drv.Run(ctx) }() // how it ends is seen by the call

	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close() // for a return before the one below
	size, err := apply(ctx, service.NewFilterClient(handle), effect, in, out)
	if err != nil {
		return err
	}
	fmt.Printf("%d x %d pixels\n", size.Width, size.Height)
	return out.Close()
}

// apply streams in to the guest, and what comes back to out, at the same time.
func apply(ctx context.Context, filter *service.FilterClient, effect service.Effect, in io.Reader, out io.Writer) (service.Size, error) {
	toGuest, inRx := roam.Channel[[]byte]()
	outTx, fromGuest := roam.Channel[[]byte]()
	go func() {
		defer toGuest.Close()
		_, _ = io.Copy(roam.NewWriter(ctx, toGuest), bufio.NewReader(in)) // the call says what went wrong
	}()
	written := make(chan error, 1)
	go func() {
		_, err := io.Copy(out, roam.NewReader(ctx, fromGuest))
		fromGuest.Close()
		written <- err
	}()
	size, err := filter.Apply(ctx, effect, inRx, outTx)
	if werr := <-written; err == nil {
		err = werr
	}
	return size, err
}
