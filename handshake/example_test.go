package handshake_test

import (
	"context"
	"fmt"

	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/wire"
)

// mailbox is half of a connection in memory.
type mailbox struct{ in, out chan wire.Message }

func (m mailbox) SendHandshake(_ context.Context, message *wire.Message) error {
	m.out <- *message
	return nil
}

func (m mailbox) ReceiveHandshake(context.Context) (wire.Message, error) { return <-m.in, nil }

// Both sides of a byte stream offer limits; the smaller ones hold.
func ExampleExchange() {
	a, b := make(chan wire.Message, 1), make(chan wire.Message, 1)
	client := handshake.Exchange(mailbox{a, b}, handshake.Initiator,
		handshake.Limits{MaxPayload: 1 << 20, InitialCredit: 64 << 10})
	server := handshake.Exchange(mailbox{b, a}, handshake.Acceptor,
		handshake.Limits{MaxPayload: 4 << 20, InitialCredit: 16 << 10})

	go func() { _, _ = server.Negotiate(context.Background()) }()
	n, err := client.Negotiate(context.Background())
	fmt.Println(n.Role, n.MaxPayload, n.InitialCredit, err)
	// Output: initiator 1048576 16384 <nil>
}

// The guest of a segment takes the limits that the host wrote into its header.
func ExampleSegment() {
	n, err := handshake.Segment(header{payload: 65536, credit: 65536, channels: 256}, handshake.Initiator).
		Negotiate(context.Background())
	fmt.Println(n.Role, n.MaxPayload, n.InitialCredit, n.MaxChannels, err)
	// Output: initiator 65536 65536 256 <nil>
}
