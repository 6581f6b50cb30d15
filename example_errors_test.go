package roam_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/examples/hello/service"
)

// moody is a Greeter that fails in more ways than the service declares.
type moody struct{ service.English }

func (m moody) Greet(ctx context.Context, name string) (string, error) {
	switch name {
	case "nobody":
		return "", errors.New("there is nobody")
	case "patience":
		<-ctx.Done()
		return "", ctx.Err()
	}
	return m.English.Greet(ctx, name)
}

// What can go wrong with a call, and how to tell it apart.
func Example_errors() {
	handle, stop := connect(service.NewGreeterDispatcher(moody{}), roam.NoService)
	defer stop()
	ctx := context.Background()
	greeter := service.NewGreeterClient(handle)

	// The method's declared error comes as the type it is.
	_, err := greeter.Greet(ctx, strings.Repeat("x", 100))
	var tooLong *service.TooLongError
	fmt.Println(errors.As(err, &tooLong), tooLong.Limit)

	// Any other error of a handler, and a panic, comes as its text.
	_, err = greeter.Greet(ctx, "nobody")
	var remote *roam.RemoteError
	fmt.Println(errors.As(err, &remote), remote.Message)

	// A caller that gives up gets its own context's error, at once.
	giveUp, cancel := context.WithCancel(ctx)
	go cancel()
	_, err = greeter.Greet(giveUp, "patience")
	fmt.Println(errors.Is(err, context.Canceled))

	// The other side has no such method.
	tx, rx := roam.Channel[[]byte]()
	_, err = service.NewLogsClient(handle).CountLines(ctx, rx)
	fmt.Println(errors.Is(err, roam.ErrUnknownMethod), err)
	tx.Close()

	// The connection has ended, and with it every call on it.
	stop()
	_, err = greeter.Greet(ctx, "Ada")
	fmt.Println(errors.Is(err, roam.ErrConnection))
	// Output:
	// true 64
	// true there is nobody
	// true
	// true Logs.CountLines: unknown method
	// true
}
