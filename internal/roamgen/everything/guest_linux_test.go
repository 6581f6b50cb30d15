package everything

import (
	"context"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/internal/ctest"
	"github.com/roam-rpc/roam-go/shmring"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// hosted is the host's Everything, which the guest calls back.
type hosted struct{ streamer }

func (hosted) Items(ctx context.Context, out ItemStreams) error { return items{}.Items(ctx, out) }

// cGuest is the program testdata/guest.c as a guest, from which every report of a sanitizer
// fails the test.
type cGuest struct {
	client *EverythingClient
	ended  chan error    // what the connection ended with
	close  func() string // ends it, and gives what the guest said
}

func startGuest(t *testing.T, program string) *cGuest {
	host, err := shmring.Create(shmring.Config{MaxGuests: 1})
	require.NoError(t, err)
	var said strings.Builder
	cmd := exec.Command(program)
	cmd.Stderr = &said
	peer, err := host.Spawn(cmd)
	require.NoError(t, err, "%s", &said)
	handle, drv, err := driver.EstablishHostPeer(host, peer.ID(), NewEverythingDispatcher(hosted{}))
	require.NoError(t, err)
	g := &cGuest{client: NewEverythingClient(handle), ended: make(chan error, 1)}
	go func() { g.ended <- drv.Run(context.Background()) }()
	var once sync.Once
	g.close = func() string {
		once.Do(func() { assert.NoError(t, host.Close()) })
		return said.String()
	}
	t.Cleanup(func() { g.close() })
	return g
}

// TestCGuest plays a host to a guest in C, by each compiler.
func TestCGuest(t *testing.T) {
	for _, cc := range ctest.Compilers(t) {
		t.Run(filepath.Base(cc), func(t *testing.T) {
			program := build(t, cc, "guest.c", nil)
			g := startGuest(t, program)
			t.Run("random values come back", func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(13, 14))
				methods := echoes(g.client)
				require.Len(t, methods, 22)
				for name, m := range methods {
					for range 50 {
						want := random(rnd, m.Type().In(1))
						got, err := call(m, want)
						require.NoError(t, err, "%s of %#v", name, want)
						require.Equal(t, want.Interface(), got, name)
					}
				}
			})
			t.Run("several results, arguments without names", g.testTuples)
			t.Run("declared errors", func(t *testing.T) { testDeclaredErrors(t, g.client) })
			t.Run("what is no value or not there", g.testRefusals)
			t.Run("channels at every depth", func(t *testing.T) { testChannelsAtEveryDepth(t, g.client) })
			t.Run("items of every type", func(t *testing.T) { testItemsOfEveryType(t, g.client) })
			t.Run("calls of the host", func(t *testing.T) {
				for range 3 {
					require.NoError(t, g.client.Nothing(context.Background()))
				}
			})
			assert.Empty(t, g.close())
			assert.NoError(t, <-g.ended)
			t.Run("an item that is no value ends the connection", func(t *testing.T) { testInvalidItem(t, startGuest(t, program)) })
		})
	}
}

func (g *cGuest) testTuples(t *testing.T) {
	first, second, err := g.client.Two(context.Background(), -3, "three")
	require.NoError(t, err)
	assert.Equal(t, int32(-3), first)
	assert.Equal(t, "three", second)
	text, err := g.client.Unnamed(context.Background(), 1, "text")
	require.NoError(t, err)
	assert.Equal(t, "text", text)
}

func (g *cGuest) testRefusals(t *testing.T) {
	ctx := context.Background()
	unknown := roam.NewCall(everythingClashes)
	defer unknown.Release()
	assert.ErrorIs(t, g.client.caller.Do(ctx, unknown), roam.ErrUnknownMethod)

	undecodable := roam.NewCall(everythingString)
	defer undecodable.Release()
	undecodable.Args.Raw([]byte{2, 0xff, 0xff})
	assert.ErrorIs(t, g.client.caller.Do(ctx, undecodable), roam.ErrInvalidPayload)

	var remote *roam.RemoteError
	require.ErrorAs(t, g.client.Fails(ctx, 4), &remote)
	assert.Equal(t, "no code 4", remote.Message)
	require.ErrorAs(t, g.client.Fails(ctx, 3), &remote, "the failure is not a value")
}

// testInvalidItem sends as an i32 what is none.
func testInvalidItem(t *testing.T, g *cGuest) {
	ctx := context.Background()
	var sending sync.WaitGroup
	out, _ := roam.Channel[string]()
	maybe := sent[[]byte](t, &sending)
	deep := Streams{In: sent[string](t, &sending), Out: out, Maybe: &maybe, Either: Stored{},
		Fixed: [2]*roam.Rx[Color]{sent[Color](t, &sending), sent[Color](t, &sending)}}
	tx, direct := roam.Channel[int32]()
	sending.Go(func() { _ = tx.Send(ctx, 1) })

	call := roam.NewCall(everythingStreams)
	defer call.Release()
	bad := wire.Codec[int32]{Encode: func(e *wire.Encoder, _ int32) { e.Raw([]byte{0xff, 0xff, 0xff, 0xff, 0xff}) }}
	require.NoError(t, roam.PassRx(call, direct, bad))
	require.NoError(t, passStreams(call, deep))
	call.EncodeWith(func(call *roam.Call) {
		call.ChannelID()
		encodeStreams(call, deep)
		call.Args.Len(0)
	})
	err := g.client.caller.Do(ctx, call)
	assert.ErrorIs(t, err, roam.ErrConnection)
	assert.ErrorContains(t, err, wire.RuleDataInvalid)
	assert.ErrorContains(t, <-g.ended, wire.RuleDataInvalid)
	sending.Wait()
	assert.Contains(t, g.close(), wire.RuleDataInvalid)
}
