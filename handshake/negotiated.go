package handshake

import "context"

// Role is the side of a connection. It decides who allocates which channel ids.
type Role uint8

const (
	// Initiator opened the connection: a guest, or the side that dialled. It
	// allocates odd channel ids (shm.id.channel-parity).
	Initiator Role = iota
	// Acceptor serves it: the host, or the side that listened. It allocates even ids.
	Acceptor
)

// String is "initiator" or "acceptor".
func (r Role) String() string {
	if r == Initiator {
		return "initiator"
	}
	return "acceptor"
}

// Other is the role of the peer.
func (r Role) Other() Role { return r ^ 1 }

// Parity is the lowest bit of the channel ids that this side allocates.
func (r Role) Parity() uint64 {
	if r == Initiator {
		return 1
	}
	return 0
}

// Negotiated is what holds on one connection, fixed for its life.
type Negotiated struct {
	Role Role
	// MaxPayload is the largest payload of one message, bytes.
	MaxPayload uint32
	// InitialCredit is the credit each channel starts with, bytes; it is also the
	// most that can be under way on a channel.
	InitialCredit uint32
	// MaxChannels bounds the channel ids where they index a table: ids are below it.
	// 0 means that ids are not bounded.
	MaxChannels uint32
}

// Provider settles the limits of one connection. Negotiate is called once, before
// anything else uses the connection; it may block until ctx ends.
type Provider interface {
	Negotiate(ctx context.Context) (Negotiated, error)
}

// LargestItem is the largest item of a channel, bytes: it fits one message, and the credit
// that a channel starts with.
func (n Negotiated) LargestItem() uint32 { return min(n.MaxPayload, n.InitialCredit) }
