package hosttest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// world is what a monitor sees: a channel table, and the ring that the guest writes.
type world struct {
	*monitor
	t       *testing.T
	state   map[uint32]uint32
	granted map[uint32]uint32
	at      uint32
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, state: map[uint32]uint32{}, granted: map[uint32]uint32{}}
	w.monitor = newMonitor(Config{}.withDefaults(), func(id uint32) (state, granted uint32) { return w.state[id], w.granted[id] },
		func() uint32 { return w.at })
	return w
}

// open makes entries active, as a caller does.
func (w *world) open(ids ...uint32) {
	for _, id := range ids {
		w.state[id], w.granted[id] = layout.EntryActive, w.limits.InitialCredit
	}
}

// says has the guest send a message.
func (w *world) says(m Message, channels ...Channel) error {
	if err := w.look(); err != nil {
		return err
	}
	w.at++
	if err := w.received(&m, channels, w.at-1); err != nil {
		return err
	}
	return w.processed(w.at)
}

// mustSay has it send what is right.
func (w *world) mustSay(m Message, channels ...Channel) {
	w.t.Helper()
	require.NoError(w.t, w.says(m, channels...))
}

// asksFlood has the host make a call on whose channel 2 the guest sends.
func (w *world) asksFlood() {
	w.open(2)
	w.asked(1, []Channel{Tx(2)})
}

// asksSum has the host make a call on whose channel 2 the guest receives.
func (w *world) asksSum() {
	w.open(2)
	w.asked(1, []Channel{Rx(2)})
}

// callsSum has the guest make a call on whose channel 1 it sends.
func (w *world) callsSum() {
	w.t.Helper()
	w.open(1)
	w.mustSay(Request(1, 7), Rx(1))
}

// faults are what a guest may do wrong: each ends with what the monitor has to refuse.
var faults = map[string]func(w *world) error{
	"request id 0":           func(w *world) error { return w.says(Request(0, 7)) },
	"request id in flight":   func(w *world) error { w.mustSay(Request(1, 7)); return w.says(Request(1, 7)) },
	"response to no request": func(w *world) error { return w.says(Result(1)) },
	"two responses":          func(w *world) error { w.asked(1, nil); w.mustSay(Result(1)); return w.says(Result(1)) },
	"response that is no result": func(w *world) error {
		w.asked(1, nil)
		return w.says(Message{Type: layout.MsgResponse, ID: 1, Payload: []byte{2}})
	},
	"cancel of no request":      func(w *world) error { return w.says(Cancel(1)) },
	"two cancels":               func(w *world) error { w.mustSay(Request(1, 7)); w.mustSay(Cancel(1)); return w.says(Cancel(1)) },
	"message after goodbye":     func(w *world) error { w.mustSay(Goodbye("x")); return w.says(Request(1, 7)) },
	"even channel id":           func(w *world) error { w.open(2); return w.says(Request(1, 7), Rx(2)) },
	"channel id past the table": func(w *world) error { return w.says(Request(1, 7), Rx(17)) },
	"channel id twice":          func(w *world) error { w.open(1); return w.says(Request(1, 7), Rx(1), Tx(1)) },
	"entry that is not open":    func(w *world) error { return w.says(Request(1, 7), Rx(1)) },
	"entry with other credit":   func(w *world) error { w.open(1); w.granted[1]++; return w.says(Request(1, 7), Rx(1)) },
	"channel id that is not free": func(w *world) error {
		w.callsSum()
		w.mustSay(Close(1))
		w.open(1)
		return w.says(Request(2, 7), Rx(1))
	},
	"channel id that is not ended": func(w *world) error {
		w.callsSum()
		w.hostFreed(1)
		w.open(1)
		return w.says(Request(2, 7), Rx(1))
	},
	"1025th request": func(w *world) error {
		for id := range uint32(maxInFlight) {
			w.mustSay(Request(id+1, 7))
		}
		return w.says(Request(maxInFlight+1, 7))
	},
	"data of no channel":         func(w *world) error { return w.says(Data(2)) },
	"data where the host sends":  func(w *world) error { w.asksSum(); return w.says(Data(2)) },
	"close where the host sends": func(w *world) error { w.asksSum(); return w.says(Close(2)) },
	"data over the credit":       func(w *world) error { w.asksFlood(); return w.says(Data(2, make([]byte, w.limits.InitialCredit+1))) },
	"data after close":           func(w *world) error { w.asksFlood(); w.mustSay(Close(2)); return w.says(Data(2)) },
	"close after close":          func(w *world) error { w.asksFlood(); w.mustSay(Close(2)); return w.says(Close(2)) },
	"reset after reset":          func(w *world) error { w.asksSum(); w.mustSay(Reset(2)); return w.says(Reset(2)) },
	"response before close":      func(w *world) error { w.asksFlood(); return w.says(Result(1)) },
	"data after the response": func(w *world) error {
		w.asksFlood()
		w.sent(&Message{Type: layout.MsgReset, ID: 2})
		w.mustSay(Result(1))
		return w.says(Data(2))
	},
	"data of a refused call": func(w *world) error { w.asksFlood(); w.mustSay(Failure(1, UnknownMethod)); return w.says(Data(2)) },
	"refusal that frees an entry": func(w *world) error {
		w.asksFlood()
		w.mustSay(Close(2))
		w.state[2] = layout.EntryFree
		return w.says(Failure(1, UnknownMethod))
	},
	"entry in state Closed":        func(w *world) error { w.asksFlood(); w.state[2] = layout.EntryClosed; return w.look() },
	"entry freed before its close": func(w *world) error { w.asksFlood(); w.state[2] = layout.EntryFree; return w.says(Request(1, 7)) },
	"entry freed before the caller's end": func(w *world) error {
		w.asksSum()
		w.mustSay(Reset(2))
		w.state[2] = layout.EntryFree
		return w.look()
	},
	"entry freed by its caller": func(w *world) error { w.callsSum(); w.state[1] = layout.EntryFree; return w.look() },
	"message after its entry is free": func(w *world) error {
		w.asksFlood()
		w.sent(&Message{Type: layout.MsgReset, ID: 2})
		w.state[2] = layout.EntryFree
		return w.says(Close(2))
	},
	"grant after reset": func(w *world) error { w.asksSum(); w.mustSay(Reset(2)); w.granted[2]++; return w.look() },
	"grant after free": func(w *world) error {
		w.asksSum()
		w.sent(&Message{Type: layout.MsgClose, ID: 2})
		w.state[2] = layout.EntryFree
		require.NoError(w.t, w.look())
		w.granted[2]++
		return w.look()
	},
}

func TestMonitorRefusesWhatBreaksARule(t *testing.T) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) { assert.Error(t, fault(newWorld(t))) })
	}
}

// TestMonitorTakesWhatIsRight goes through the life of channels of both kinds, twice.
func TestMonitorTakesWhatIsRight(t *testing.T) {
	w := newWorld(t)
	for id := uint32(1); id < 3; id++ {
		w.open(2, 4, 6)
		w.asked(1, []Channel{Tx(2), Rx(4), Tx(6)})
		w.open(1, 3)
		w.mustSay(Request(id, 7), Rx(1), Tx(3))
		w.mustSay(Data(2, make([]byte, 10)))
		w.mustSay(Data(1, make([]byte, w.limits.InitialCredit)))
		w.mustSay(Close(2))
		w.state[2] = layout.EntryFree
		w.sent(&Message{Type: layout.MsgReset, ID: 6})
		w.mustSay(Data(6)) // crossed with the Reset
		w.state[6] = layout.EntryFree
		w.granted[4] += 100
		w.mustSay(Result(1))
		w.sent(&Message{Type: layout.MsgClose, ID: 4})
		w.state[4] = layout.EntryFree
		w.mustSay(Cancel(id))
		w.mustSay(Reset(1))
		w.mustSay(Reset(3))
		w.sent(&Message{Type: layout.MsgResponse, ID: id, Payload: []byte{0}})
		w.hostFreed(1)
		w.hostFreed(3)
		w.state[1], w.state[3] = layout.EntryFree, layout.EntryFree
		require.NoError(t, w.look())
	}
}
