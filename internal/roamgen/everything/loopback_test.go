package everything

import (
	"context"

	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// loopback is a Caller that runs the dispatcher's side at once, without a connection.
// Calls that pass channels need one.
type loopback struct {
	dispatcher roam.Dispatcher
	// args, if not nil, may change the encoded arguments on their way, and result the
	// encoded Result.
	args, result func([]byte) []byte
	// lent has the arguments decoded as lent ones are.
	lent  bool
	in    roam.Incoming
	reply roam.Reply
}

func (l *loopback) Do(ctx context.Context, call *roam.Call) error {
	if err := call.Args.Err(); err != nil {
		return err
	}
	l.in.Reset()
	args := l.pass(l.args, call.Args.Buffer())
	l.in.Method, l.in.Args = call.Method.ID, wire.NewDecoder(args)
	if l.lent {
		l.in.Args = wire.NewBorrowingDecoder(args)
	}
	inv, err := l.dispatcher.Prepare(&l.in)
	if err != nil {
		return err
	}
	l.reply.Reset()
	inv.Invoke(ctx, &l.reply)
	if err := l.reply.Undeclared(); err != nil {
		return &roam.RemoteError{Message: err.Error()}
	}
	head, tail := l.reply.Payload()
	return call.DecodeResult(nil, l.pass(l.result, append(head, tail...)), false)
}

func (l *loopback) pass(change func([]byte) []byte, b []byte) []byte {
	if change == nil {
		return b
	}
	return change(b)
}
