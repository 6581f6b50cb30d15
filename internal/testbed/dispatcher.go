package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// Service is the Testbed itself.
type Service struct {
	// Blocked, if not nil, is told each time a Block starts and ends.
	Blocked func(started bool)
	// Leaving, if not nil, is called after the answer to a Leave was sent.
	Leaving func()
}

// handler decodes the arguments and gives what runs the method.
type handler func(s *Service, in *roam.Incoming, d *wire.Decoder) func(ctx context.Context, r *roam.Reply)

var handlers map[uint64]handler

func init() {
	handlers = map[uint64]handler{
		methodDrive.ID:     drive,
		methodEcho.ID:      echo,
		methodReverse.ID:   reverse,
		methodAdd.ID:       add,
		methodInline.ID:    inline,
		methodBytes.ID:     bytes,
		methodCheck.ID:     check,
		methodFail.ID:      fail,
		methodPanic.ID:     panics,
		methodBlock.ID:     block,
		methodNest.ID:      nest,
		methodMeta.ID:      meta,
		methodExit.ID:      exit,
		methodSum.ID:       sum,
		methodGenerate.ID:  generate,
		methodTransform.ID: transform,
		methodDrain.ID:     drain,
		methodIgnore.ID:    ignore,
		methodFlood.ID:     flood,
		methodHold.ID:      hold,
		methodLeave.ID:     leave,
	}
}

// Prepare makes the Service a roam.Dispatcher.
func (s *Service) Prepare(in *roam.Incoming) (roam.Invocation, error) {
	h, ok := handlers[in.Method]
	if !ok {
		return nil, roam.ErrUnknownMethod
	}
	d := wire.NewDecoder(in.Args)
	run := h(s, in, &d)
	if err := d.Finish(); err != nil {
		return nil, err
	}
	return roam.InvocationFunc(run), nil
}

func echo(_ *Service, _ *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	text := d.String()
	return func(_ context.Context, r *roam.Reply) {
		r.Succeed()
		r.Payload = wire.AppendString(r.Payload, text)
	}
}

func reverse(_ *Service, _ *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	text := []rune(d.String())
	return func(_ context.Context, r *roam.Reply) {
		slices.Reverse(text)
		r.Succeed()
		r.Payload = wire.AppendString(r.Payload, string(text))
	}
}

func add(_ *Service, _ *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	a, b := d.U64(), d.U64()
	return func(_ context.Context, r *roam.Reply) {
		r.Succeed()
		r.Payload = wire.AppendU64(r.Payload, a+b)
	}
}

func inline(s *Service, in *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	in.Inline = true
	return add(s, in, d)
}

func bytes(_ *Service, _ *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	data := d.Bytes()
	return func(_ context.Context, r *roam.Reply) {
		r.Succeed()
		r.Payload = wire.AppendBytes(r.Payload, data)
	}
}

func check(_ *Service, _ *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	code := d.U32()
	return func(_ context.Context, r *roam.Reply) {
		if code == 0 {
			r.Succeed()
			return
		}
		r.FailDeclared()
		r.Payload = wire.AppendU32(r.Payload, code)
	}
}

func fail(_ *Service, _ *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	text := d.String()
	return func(_ context.Context, r *roam.Reply) { r.Fail(errors.New(text)) }
}

func panics(*Service, *roam.Incoming, *wire.Decoder) func(context.Context, *roam.Reply) {
	return func(context.Context, *roam.Reply) { panic("testbed panics") }
}

func block(s *Service, _ *roam.Incoming, _ *wire.Decoder) func(context.Context, *roam.Reply) {
	return func(ctx context.Context, r *roam.Reply) {
		if s.Blocked != nil {
			s.Blocked(true)
			defer s.Blocked(false)
		}
		<-ctx.Done()
		r.Fail(ctx.Err())
	}
}

func nest(_ *Service, _ *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	depth := d.U32()
	return func(ctx context.Context, r *roam.Reply) {
		var below uint32
		if depth > 0 {
			request, _ := roam.RequestFrom(ctx)
			var err error
			if below, err = NewClient(request.Caller()).Nest(ctx, depth-1); err != nil {
				r.Fail(err)
				return
			}
		}
		r.Succeed()
		r.Payload = wire.AppendU32(r.Payload, below+1)
	}
}

func meta(_ *Service, _ *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	key := d.String()
	return func(ctx context.Context, r *roam.Reply) {
		value, _ := roam.IncomingMetadata(ctx).Get(key)
		r.Succeed()
		text, ok := value.Text()
		if !ok {
			text = value.String()
		}
		r.Payload = wire.AppendString(r.Payload, text)
	}
}

func drive(_ *Service, _ *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	name, n := d.String(), d.U32()
	return func(ctx context.Context, r *roam.Reply) {
		request, _ := roam.RequestFrom(ctx)
		play, ok := Scenarios[name]
		if !ok {
			r.Fail(fmt.Errorf("no scenario %q", name))
			return
		}
		if err := play(ctx, NewClient(request.Caller()), int(n)); err != nil {
			r.Fail(err)
			return
		}
		r.Succeed()
	}
}

func leave(s *Service, _ *roam.Incoming, _ *wire.Decoder) func(context.Context, *roam.Reply) {
	return func(ctx context.Context, r *roam.Reply) {
		r.Succeed()
		if s.Leaving != nil {
			context.AfterFunc(ctx, s.Leaving) // when the answer was sent
		}
	}
}

func exit(*Service, *roam.Incoming, *wire.Decoder) func(context.Context, *roam.Reply) {
	return func(context.Context, *roam.Reply) { os.Exit(3) }
}

func sum(_ *Service, in *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	numbers := roam.AcceptRx(in, d, wire.I32)
	return func(ctx context.Context, r *roam.Reply) {
		var total int64
		for n, err := range numbers.All(ctx) {
			if err != nil {
				r.Fail(err)
				return
			}
			total += int64(n)
		}
		r.Succeed()
		r.Payload = wire.AppendI64(r.Payload, total)
	}
}

func generate(_ *Service, in *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	count := d.U32()
	numbers := roam.AcceptTx(in, d, wire.I32)
	return func(ctx context.Context, r *roam.Reply) {
		for i := range count {
			if err := numbers.Send(ctx, int32(i)); err != nil {
				r.Fail(err)
				return
			}
		}
		r.Succeed()
	}
}

func transform(_ *Service, in *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	from := roam.AcceptRx(in, d, wire.String)
	to := roam.AcceptTx(in, d, wire.String)
	return func(ctx context.Context, r *roam.Reply) {
		for text, err := range from.All(ctx) {
			if err == nil {
				err = to.Send(ctx, strings.ToUpper(text))
			}
			if err != nil {
				r.Fail(err)
				return
			}
		}
		r.Succeed()
	}
}

func drain(_ *Service, in *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	data := roam.AcceptRx(in, d, wire.Bytes)
	return func(ctx context.Context, r *roam.Reply) {
		var total uint64
		for chunk, err := range data.All(ctx) {
			if err != nil {
				r.Fail(err)
				return
			}
			total += uint64(len(chunk))
		}
		r.Succeed()
		r.Payload = wire.AppendU64(r.Payload, total)
	}
}

func ignore(_ *Service, in *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	roam.AcceptRx(in, d, wire.Bytes)
	return func(_ context.Context, r *roam.Reply) {
		r.Succeed()
		r.Payload = wire.AppendU64(r.Payload, 0)
	}
}

func hold(_ *Service, in *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	data := roam.AcceptRx(in, d, wire.Bytes)
	return func(ctx context.Context, r *roam.Reply) {
		<-ctx.Done()
		data.Close()
		r.Fail(ctx.Err())
	}
}

func flood(_ *Service, in *roam.Incoming, d *wire.Decoder) func(context.Context, *roam.Reply) {
	total, size := d.U64(), d.U32()
	data := roam.AcceptTx(in, d, wire.Bytes)
	return func(ctx context.Context, r *roam.Reply) {
		chunk := make([]byte, size)
		for sent := uint64(0); sent < total; sent += uint64(size) {
			if err := data.Send(ctx, chunk[:min(uint64(size), total-sent)]); err != nil {
				r.Fail(err)
				return
			}
		}
		r.Succeed()
	}
}
