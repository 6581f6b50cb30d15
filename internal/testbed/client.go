package testbed

import (
	"context"

	roam "github.com/roam-rpc/roam-go"
)

// Client calls a Testbed on the other side.
type Client = TestbedClient

// NewClient returns a client that calls through c.
func NewClient(c roam.Caller) *Client { return NewTestbedClient(c) }

// missing is a method that no Testbed has.
var missing = &roam.Method{ID: 0x74657374626564ff, Service: "Testbed", Name: "Missing"}

// Missing calls a method that no Testbed has.
func (c *TestbedClient) Missing(ctx context.Context) error {
	call := roam.NewCall(missing)
	defer call.Release()
	return c.caller.Do(ctx, call)
}

// Undecodable calls Echo with bytes that are no string.
func (c *TestbedClient) Undecodable(ctx context.Context) error {
	call := roam.NewCall(testbedEcho)
	defer call.Release()
	call.Args.Raw([]byte{0xff, 0xff})
	return c.caller.Do(ctx, call)
}
