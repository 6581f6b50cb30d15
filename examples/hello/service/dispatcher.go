package service

import (
	"context"
	"errors"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/wire"
)

// NewGreeterDispatcher returns the dispatcher that serves impl.
func NewGreeterDispatcher(impl Greeter) roam.Dispatcher { return greeterDispatcher{impl} }

type greeterDispatcher struct{ impl Greeter }

// Prepare decodes the arguments of a request; see roam.Dispatcher.
func (s greeterDispatcher) Prepare(in *roam.Incoming) (roam.Invocation, error) {
	switch in.Method {
	case greeterGreet.ID:
		return s.prepareGreet(in)
	case greeterGreetAll.ID:
		return s.prepareGreetAll(in)
	}
	return nil, roam.ErrUnknownMethod
}

func (s greeterDispatcher) prepareGreet(in *roam.Incoming) (roam.Invocation, error) {
	d := wire.NewDecoder(in.Args)
	name := d.String()
	if err := d.Finish(); err != nil {
		return nil, err
	}
	return roam.InvocationFunc(func(ctx context.Context, reply *roam.Reply) {
		greeting, err := s.impl.Greet(ctx, name)
		var declared *TooLongError
		switch {
		case err == nil:
			reply.Succeed()
			reply.Payload = wire.AppendString(reply.Payload, greeting)
		case errors.As(err, &declared):
			reply.FailDeclared()
			reply.Payload = appendTooLongError(reply.Payload, declared)
		default:
			reply.Fail(err)
		}
	}), nil
}

func (s greeterDispatcher) prepareGreetAll(in *roam.Incoming) (roam.Invocation, error) {
	d := wire.NewDecoder(in.Args)
	names := roam.AcceptRx(in, &d, wire.String)
	greetings := roam.AcceptTx(in, &d, wire.String)
	if err := d.Finish(); err != nil {
		return nil, err
	}
	return roam.InvocationFunc(func(ctx context.Context, reply *roam.Reply) {
		if err := s.impl.GreetAll(ctx, names, greetings); err != nil {
			reply.Fail(err)
			return
		}
		reply.Succeed()
	}), nil
}
