package roam_test

import (
	"context"
	"fmt"
	"log"
	"time"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/examples/hello/service"
	"github.com/roam-rpc/roam-go/wire"
)

// watchful is a Greeter that looks at what comes beside the arguments.
type watchful struct{ service.English }

func (w watchful) Greet(ctx context.Context, name string) (string, error) {
	value, _ := roam.IncomingMetadata(ctx).Get("tenant")
	tenant, ok := value.Text()
	_, limited := ctx.Deadline()
	fmt.Println("tenant:", tenant, ok, "deadline:", limited)
	return w.English.Greet(ctx, name)
}

// Metadata goes with the calls of a context, and so does its deadline.
func ExampleWithMetadata() {
	handle, stop := connect(service.NewGreeterDispatcher(watchful{}), roam.NoService)
	defer stop()
	greeter := service.NewGreeterClient(handle)

	ctx := roam.WithMetadata(context.Background(), wire.Entry{Key: "tenant", Value: wire.StringValue("blue")})
	if _, err := greeter.Greet(ctx, "Ada"); err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if _, err := greeter.Greet(ctx, "Ada"); err != nil {
		log.Fatal(err)
	}
	// Output:
	// tenant: blue true deadline: false
	// tenant: blue true deadline: true
}
