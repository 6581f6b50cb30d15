package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// pluginClient is a guest that go-plugin started, in its gRPC mode: its own Unix
// socket, no TLS.
type pluginClient struct {
	client *plugin.Client
	conn   *grpc.ClientConn
}

const pluginName = "echo"

var (
	pluginHandshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "ROAM_BENCH", MagicCookieValue: "guest"}
	pluginSet       = plugin.PluginSet{pluginName: &echoPlugin{}}
)

func startPlugin() (client, error) {
	cmd, err := guestCommand(hashicorp)
	if err != nil {
		return nil, err
	}
	cmd.Stderr = nil // go-plugin makes a pipe of it
	c := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: pluginHandshake, Plugins: pluginSet, Cmd: cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Stderr:           os.Stderr, Logger: hclog.NewNullLogger(),
	})
	conn, err := dispense(c)
	if err != nil {
		c.Kill()
		return nil, err
	}
	return &pluginClient{c, conn}, nil
}

func dispense(c *plugin.Client) (*grpc.ClientConn, error) {
	protocol, err := c.Client()
	if err != nil {
		return nil, err
	}
	got, err := protocol.Dispense(pluginName)
	if err != nil {
		return nil, err
	}
	conn, ok := got.(*grpc.ClientConn)
	if !ok {
		return nil, fmt.Errorf("go-plugin gave a %T, want a gRPC connection", got)
	}
	return conn, nil
}

func (c *pluginClient) caller(int) caller { return grpcCaller(c.conn) }

// close asks the guest to end and waits for it.
func (c *pluginClient) close() error {
	c.client.Kill()
	return nil
}

func servePlugin() error {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: pluginHandshake, Plugins: pluginSet,
		GRPCServer: plugin.DefaultGRPCServer, Logger: hclog.NewNullLogger(),
	})
	return nil
}

// echoPlugin is the gRPC service as a plugin.
type echoPlugin struct{ plugin.NetRPCUnsupportedPlugin }

func (*echoPlugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	server.RegisterService(&grpcService, nil)
	return nil
}

func (*echoPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}
