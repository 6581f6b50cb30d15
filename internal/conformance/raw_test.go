package conformance

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/hosttest"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/wire"
)

// rawCase is what a host that is played by hand does with one guest program, and what the
// guest has to do then. Each case is run with every guest, and has a segment of its own.
type rawCase struct {
	config hosttest.Config
	way    string // one of ways: how the guest comes; spawned if empty
	// threads says that handlers which wait have to go on in any order. In a guest of one
	// thread one that came later runs within the wait of one that came earlier.
	threads bool
	play    func(t *testing.T, g *hosttest.Guest)
	// attach is for cases that start the program themselves, in place of play.
	attach func(t *testing.T, guest []string)
}

// rawCases are all of them, by name. Those about one thing stand in a file of their own.
var rawCases = map[string]rawCase{}

func register(cases map[string]rawCase) map[string]rawCase {
	maps.Copy(rawCases, cases)
	return cases
}

// The ids of the methods of testbed that cases use.
const (
	methodEcho      = testbed.TestbedEchoID
	methodAdd       = testbed.TestbedAddID
	methodInline    = testbed.TestbedInlineID
	methodBytes     = testbed.TestbedBytesID
	methodCheck     = testbed.TestbedCheckID
	methodFail      = testbed.TestbedFailID
	methodPanic     = testbed.TestbedPanicID
	methodBlock     = testbed.TestbedBlockID
	methodKeep      = testbed.TestbedKeepID
	methodNest      = testbed.TestbedNestID
	methodMeta      = testbed.TestbedMetaID
	methodDrive     = testbed.TestbedDriveID
	methodLeave     = testbed.TestbedLeaveID
	methodSum       = testbed.TestbedSumID
	methodGenerate  = testbed.TestbedGenerateID
	methodTransform = testbed.TestbedTransformID
	methodDrain     = testbed.TestbedDrainID
	methodIgnore    = testbed.TestbedIgnoreID
	methodHold      = testbed.TestbedHoldID
	methodFlood     = testbed.TestbedFloodID
	methodLinger    = testbed.TestbedLingerID
	methodPile      = testbed.TestbedPileID
	methodBreak     = testbed.TestbedBreakID
	methodMissing   = 0x74657374626564ff // of no Testbed
)

// channelsOf are the channels in the arguments of a Request of the guest.
func channelsOf(method uint64, arguments []byte) (channels []hosttest.Channel) {
	d := wire.NewDecoder(arguments)
	switch method {
	case methodSum, methodDrain, testbed.TestbedLendID, methodIgnore, methodHold, methodLinger:
		return []hosttest.Channel{hosttest.Rx(uint32(d.U64()))}
	case methodGenerate:
		d.U32()
		return []hosttest.Channel{hosttest.Tx(uint32(d.U64()))}
	case methodTransform:
		return []hosttest.Channel{hosttest.Rx(uint32(d.U64())), hosttest.Tx(uint32(d.U64()))}
	case methodFlood:
		d.U64()
		d.U32()
		return []hosttest.Channel{hosttest.Tx(uint32(d.U64()))}
	}
	return nil
}

// drive asks the guest to play a scenario against the host.
func drive(g *hosttest.Guest, id uint32, scenario string, n int64) hosttest.Message {
	return g.Call(id, methodDrive, hosttest.Text(scenario), hosttest.Int(n))
}

// comeTo has a guest program come to a host in one of the ways.
func comeTo(t *testing.T, way string, cfg hosttest.Config, guest []string) *hosttest.Guest {
	t.Helper()
	if way == "walked up" {
		h := hosttest.NewAt(t, cfg)
		h.Channels = channelsOf
		return h.WalkUp(1, append(guest, "-attach")...)
	}
	h := hosttest.New(t, cfg)
	h.Channels = channelsOf
	if way == "joined" {
		return h.Join(append(guest, "-join")...)
	}
	return h.Spawn(append(guest, "-ticket")...)
}

func (c rawCase) run(t *testing.T, guest []string) {
	if c.attach != nil {
		c.attach(t, guest)
		return
	}
	g := comeTo(t, c.way, c.config, guest)
	c.play(t, g)
	if !g.Over() {
		requireUnharmed(t, g)
		g.Leave()
		g.RequireSuccess()
	}
}

// requireUnharmed says that a guest answers, and holds no slot.
func requireUnharmed(t *testing.T, g *hosttest.Guest) {
	t.Helper()
	const id = 1 << 31
	text := hosttest.Text("after all that the guest answers, in a slot")
	g.Send(g.Call(id, methodEcho, text))
	g.RequireResult(id, text)
	require.Equal(t, int(g.SlotsPerGuest), g.FreeSlots(0), "free slots of the host")
	require.Equal(t, int(g.SlotsPerGuest), g.FreeSlots(g.ID), "free slots of the guest")
}

// TestGuestsKeepTheRules runs every case with every guest.
func TestGuestsKeepTheRules(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(rawCases)) {
		for kind, program := range programs {
			t.Run(kind+"/"+name, func(t *testing.T) {
				if rawCases[name].threads && kind == "c-one-thread" {
					t.Skip("the handlers of a guest of one thread end in the order in which they nest")
				}
				t.Parallel()
				rawCases[name].run(t, slices.Clip(program))
			})
		}
	}
}

// requireKinds says which messages came, in order, and that no others did.
func requireKinds(t *testing.T, g *hosttest.Guest, kinds ...uint8) {
	t.Helper()
	for _, kind := range kinds {
		m, ok := g.Next()
		require.True(t, ok, "the guest is gone")
		require.Equal(t, kind, m.Type, "%v", m)
	}
	require.Empty(t, g.Queued())
}
