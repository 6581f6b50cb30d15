package handshake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/roam-rpc/roam-go/wire"
)

// Messages is what the Hello exchange needs of a byte stream. Both methods may
// block until ctx ends; they may be called at once.
type Messages interface {
	SendHandshake(ctx context.Context, m *wire.Message) error
	ReceiveHandshake(ctx context.Context) (wire.Message, error)
}

// Limits is what one side offers in its Hello.
type Limits struct {
	MaxPayload    uint32 // bytes
	InitialCredit uint32 // bytes
}

// maxCredit is the largest initial credit that the wrap rule allows, bytes.
const maxCredit = 1<<31 - 1

// goodbyeWait bounds how long a refusal may take to be sent.
const goodbyeWait = time.Second

// Check refuses limits that no connection can work with.
func (l Limits) Check() error {
	if l.MaxPayload < 64 {
		return fmt.Errorf("max payload is %d bytes, must be at least 64", l.MaxPayload)
	}
	if l.InitialCredit == 0 || l.InitialCredit > maxCredit {
		return fmt.Errorf("initial credit is %d bytes, must be 1 to %d", l.InitialCredit, maxCredit)
	}
	return nil
}

// GoodbyeError is a handshake that failed by the protocol's rules. Reason starts
// with the rule id; Remote says that the peer sent it.
type GoodbyeError struct {
	Reason string
	Remote bool
}

func (e *GoodbyeError) Error() string {
	if e.Remote {
		return "handshake: the other side said goodbye: " + e.Reason
	}
	return "handshake: " + e.Reason
}

// Exchange sends our Hello and takes the peer's; the limits in force are the minimum
// of the two. A fault of the peer is answered with a Goodbye and returned as a
// *[GoodbyeError].
func Exchange(m Messages, role Role, offer Limits) Provider { return exchange{m, role, offer} }

type exchange struct {
	messages Messages
	role     Role
	offer    Limits
}

func (e exchange) Negotiate(ctx context.Context) (Negotiated, error) {
	if err := e.offer.Check(); err != nil {
		return Negotiated{}, fmt.Errorf("handshake: %w", err)
	}
	peer, err := e.swap(ctx)
	if err != nil {
		return Negotiated{}, err
	}
	return Negotiated{
		Role:          e.role,
		MaxPayload:    min(e.offer.MaxPayload, peer.MaxPayload),
		InitialCredit: min(e.offer.InitialCredit, peer.InitialCredit, maxCredit),
	}, nil
}

// swap sends while it receives: two peers on a connection without any buffer would
// otherwise wait for each other.
func (e exchange) swap(ctx context.Context) (wire.Hello, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sent := make(chan error, 1)
	go func() {
		sent <- e.messages.SendHandshake(ctx, &wire.Message{
			Kind:  wire.KindHello,
			Hello: wire.Hello{MaxPayload: e.offer.MaxPayload, InitialCredit: e.offer.InitialCredit},
		})
	}()
	peer, err := e.await(ctx)
	if err != nil {
		cancel()
		<-sent
		return wire.Hello{}, e.refuse(err)
	}
	if err := <-sent; err != nil {
		return wire.Hello{}, fmt.Errorf("handshake: send hello: %w", err)
	}
	return peer, nil
}

func (e exchange) await(ctx context.Context) (wire.Hello, error) {
	m, err := e.messages.ReceiveHandshake(ctx)
	if err != nil {
		return wire.Hello{}, err
	}
	switch m.Kind {
	case wire.KindHello:
		return m.Hello, checkHello(m.Hello)
	case wire.KindGoodbye:
		return wire.Hello{}, &GoodbyeError{Reason: string(m.Payload), Remote: true}
	}
	return wire.Hello{}, &GoodbyeError{Reason: wire.RuleHelloOrdering + ": " + m.Kind.String() + " before hello"}
}

func checkHello(h wire.Hello) error {
	if h.InitialCredit == 0 || h.MaxPayload == 0 {
		return &GoodbyeError{Reason: fmt.Sprintf("%s: hello offers max payload %d and initial credit %d, both must be at least 1",
			wire.RuleDecodeError, h.MaxPayload, h.InitialCredit)}
	}
	return nil
}

// refuse tells the peer why, when it is the peer's fault.
func (e exchange) refuse(err error) error {
	var version *wire.UnknownHelloError
	var variant *wire.UnknownVariantError
	var decode *wire.DecodeError
	var goodbye *GoodbyeError
	switch {
	case errors.As(err, &goodbye):
		if goodbye.Remote {
			return err
		}
	case errors.As(err, &version):
		goodbye = &GoodbyeError{Reason: wire.RuleHelloUnknownVersion + ": " + err.Error()}
	case errors.As(err, &variant):
		goodbye = &GoodbyeError{Reason: wire.RuleUnknownVariant + ": " + err.Error()}
	case errors.As(err, &decode):
		goodbye = &GoodbyeError{Reason: wire.RuleDecodeError + ": " + err.Error()}
	default:
		return fmt.Errorf("handshake: receive hello: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), goodbyeWait)
	defer cancel()
	_ = e.messages.SendHandshake(ctx, &wire.Message{Kind: wire.KindGoodbye, Payload: []byte(goodbye.Reason)})
	return goodbye
}
