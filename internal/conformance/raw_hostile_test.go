package conformance

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/hosttest"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// hostileRounds is how many guests meet a host that writes anything.
const hostileRounds = 8

// A host that writes anything into what it shares with a guest. The guest may end with an
// error or go on; no signal may end it.
var _ = register(map[string]rawCase{
	"host that writes anything": {attach: func(t *testing.T, guest []string) {
		for round := range uint64(hostileRounds) {
			random := rand.New(rand.NewPCG(round, 0))
			h := hosttest.New(t, hosttest.Config{RingSize: 8, SlotSize: 256, MaxPayload: 252, MaxChannels: 8})
			g := h.Spawn(append(guest, "-ticket")...)
			g.Send(flood(g, 50), g.Call(2, methodHold, hosttest.Rx(4)))
			g.Deaf = true
			for step := 0; step < 2000 && g.Running(); step++ {
				scribble(random, g)
				g.WakeAll()
			}
			g.HangUp()
			require.GreaterOrEqual(t, g.Exited(), 0)
		}
	}},
})

// scribble writes one thing that is more often than not like something that means
// something.
func scribble(random *rand.Rand, g *hosttest.Guest) {
	switch random.IntN(8) {
	case 0:
		g.SetGranted(random.Uint32N(8), random.Uint32())
	case 1:
		g.SetTail(random.Uint32N(10))
	case 2:
		g.SetSlot(random.Uint32N(4), random.Uint32N(4))
	case 3:
		g.Mem[random.IntN(len(g.Mem)-2*layout.SizeHeader)+2*layout.SizeHeader] = byte(random.Uint32())
	default:
		methods := []uint64{methodEcho, methodSum, methodFlood, methodDrain, methodTransform}
		d := hosttest.Desc{
			Type: uint8(1 + random.Uint32N(7)), ID: random.Uint32N(9), Method: methods[random.IntN(len(methods))],
			Slot: layout.InlineSlot, Len: random.Uint32N(33),
		}
		for i := range d.Inline {
			d.Inline[i] = byte(random.Uint32N(5))
		}
		if random.IntN(4) == 0 {
			d.Slot, d.Generation, d.Len = random.Uint32N(4), random.Uint32N(4), random.Uint32N(260)
		}
		if random.IntN(50) > 0 && g.Room() == 0 {
			return
		}
		g.Put(d)
		g.Publish()
	}
}
