package shmring_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"

	"github.com/roam-rpc/roam-go/shmring"
)

// In this example one program is host and guest; the environment says which.
func init() {
	if os.Getenv("EXAMPLE_GUEST") != "" {
		guest()
		os.Exit(0)
	}
}

// guest is the program that the host spawns. A driver would run the link; here it
// answers one request by hand.
func guest() {
	guest, err := shmring.AttachArgs(os.Args[1:])
	if err != nil {
		log.Fatal(err)
	}
	defer guest.Close()
	link := guest.Link()
	request, err := receive(link)
	if err != nil {
		log.Fatal(err)
	}
	answer := fmt.Sprintf("%s to you, from guest %d", request.Payload, guest.ID())
	if err := send(link, &shmring.Message{Type: shmring.MsgResponse, ID: request.ID, Payload: []byte(answer)}); err != nil {
		log.Fatal(err)
	}
}

// A host makes a segment, spawns a guest, and talks to it over the guest's link.
func Example() {
	left := make(chan error, 1)
	host, err := shmring.Create(shmring.Config{
		MaxGuests: 4,
		OnDeath:   func(_ uint32, cause error) { left <- cause },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer host.Close()

	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "EXAMPLE_GUEST=1")
	peer, err := host.Spawn(cmd)
	if err != nil {
		log.Fatal(err)
	}
	link := peer.Link()
	if err := send(link, &shmring.Message{Type: shmring.MsgRequest, ID: 1, Payload: []byte("hello")}); err != nil {
		log.Fatal(err)
	}
	response, err := receive(link)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", response.Payload)

	_, err = receive(link) // the guest has nothing more to say
	fmt.Println(err)
	link.Leave(context.Background(), "")
	fmt.Println(<-left)
	// Output:
	// hello to you, from guest 1
	// shmring: peer left
	// shmring: peer left
}

// send sends one message. An empty ring and pool have room; under load ErrNoSpace and
// ErrNoSlot mean to wait for KindSpace and KindSlot.
func send(link *shmring.Link, m *shmring.Message) error {
	if err := link.Stage(m, nil); err != nil {
		return err
	}
	link.Commit()
	link.Notify()
	return nil
}

// receive waits for one message: arm, look again, sleep.
func receive(link *shmring.Link) (shmring.Message, error) {
	batch := shmring.NewBatch(1)
	for {
		n, err := link.Receive(batch)
		link.Notify()
		if n > 0 {
			return batch.Messages[0], nil
		}
		if err != nil {
			return shmring.Message{}, err
		}
		link.Arm(shmring.KindMessages, 0)
		if !link.Pending() {
			_ = link.Wait(true)
		}
		link.Disarm(shmring.KindMessages, 0)
	}
}
