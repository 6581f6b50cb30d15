package core

import (
	"fmt"
	"strings"

	"github.com/roam-rpc/roam-go/flow"
	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/wire"
)

// A world is two cores joined by two queues, with programs on both sides that make
// calls, serve them and use channels, all in steps that a chooser interleaves: as a
// driver would run them with many goroutines. Beside the cores it keeps its own
// account of what each message belongs to, which no core sees, and compares.
type world struct {
	chooser
	transport transportKind
	broken    breakage
	window    uint32
	sides     [2]*side
	table     *table // nil but for overTable
	exchanges []*exchange
	ending    int  // of 100 steps, how many end something early
	traced    bool // keep a trace
	trace     []string
}

// chooser decides what comes next. pick gives 0 to n-1; over ends the sequence.
type chooser interface {
	pick(n int) int
	over() bool
}

type transportKind int

const (
	overStream transportKind = iota
	overTable
	overForeign
	transportKinds
)

func (k transportKind) String() string { return [...]string{"stream", "table", "foreign"}[k] }

// tableSize leaves three ids to one side and two to the other.
const tableSize = 6

// exchange is one call as both sides should see it.
type exchange struct {
	serial   int
	from     *side
	request  uint64 // its id
	uses     []*use
	refused  bool // answered UnknownMethod or InvalidPayload
	accepted bool // the callee opened its channels
	answered bool // the Response was published
	over     bool // the Response was processed
}

// use is one use of a channel id.
type use struct {
	exchange *exchange
	serial   int
	id       uint64
	sender   *side
	sizes    []int    // of the items published
	closed   bool     // a regular Close was published
	sent     int      // bytes published
	taken    int      // items that the receiving program took
	consumed int      // bytes of them
	ended    [2]bool  // a side has published Close or Reset
	told     [2]bool  // a side has processed Close or Reset
	reset    [2]bool  // what it has processed was Reset
	ends     [2]*port // what the programs hold, by side
}

func (u *use) String() string {
	return fmt.Sprintf("use %d of channel %d in call %d of %s", u.serial, u.id, u.exchange.serial, u.exchange.from)
}

// item is the payload of an item, different for each use, place and size.
func (u *use) item(i, size int) []byte {
	b := make([]byte, size)
	for at := range b {
		b[at] = byte(u.exchange.serial*131 + u.serial*31 + i*7 + size + at)
	}
	return b
}

// envelope is a message on its way, with what it belongs to.
type envelope struct {
	wire.Message
	exchange *exchange
	use      *use
	seq      uint32
}

// ring is one direction. Positions count messages and wrap.
type ring struct {
	room  int
	head  uint32 // published
	queue []envelope
}

// fault is a broken invariant.
type fault string

func (w *world) fault(format string, args ...any) { panic(fault(fmt.Sprintf(format, args...))) }

func (w *world) note(s *side, format string, args ...any) {
	if w.traced {
		w.trace = append(w.trace, s.name+" "+fmt.Sprintf(format, args...))
	}
}

func newWorld(c chooser, broken breakage) *world {
	w := &world{chooser: c, broken: broken}
	w.transport = transportKind(w.pick(int(transportKinds)))
	if broken.transport != nil {
		w.transport = *broken.transport
	}
	w.window = []uint32{1, 16, 60, 200}[w.pick(4)]
	w.ending = []int{1, 4, 12, 40}[w.pick(4)]
	if w.transport == overTable {
		w.table = newTable(tableSize, w.fault)
	}
	room := 1 + w.pick(12)
	for i := range w.sides {
		w.sides[i] = &side{w: w, i: i, name: []string{"A", "B"}[i], in: &ring{room: room}}
		w.sides[i].in.head = -uint32(w.pick(40)) // positions wrap soon
		w.sides[i].requests = make(map[uint64]*exchange)
	}
	for i, s := range w.sides {
		s.other = w.sides[1-i]
		s.start(handshake.Role(i))
	}
	return w
}

func (s *side) start(role handshake.Role) {
	w := s.w
	limits := handshake.Negotiated{Role: role, MaxPayload: 500, InitialCredit: w.window}
	var f flow.Provider
	switch w.transport {
	case overStream:
		f = flow.NewMessages(role.Parity(), w.window)
	case overTable:
		limits.MaxChannels = tableSize
		s.entries = &entries{table: w.table, parity: uint32(role.Parity()), head: func() uint32 { return s.in.head }}
		f = flow.NewTable(s.entries, role.Parity(), w.window, tableSize)
	case overForeign:
		limits.MaxChannels = tableSize
		f = flow.NewForeign(role.Parity(), w.window, w.window)
	}
	if w.broken.provider != nil {
		f = w.broken.provider(s, f)
	}
	s.core = New(Config{Limits: limits, Flow: f,
		StrictInFlight: w.transport == overTable, AnyPeerID: w.transport == overForeign})
}

// run plays a sequence to its end and says what was wrong.
func (w *world) run() (err error) {
	defer func() {
		if p := recover(); p != nil {
			f, ok := p.(fault)
			if !ok {
				panic(p)
			}
			err = fmt.Errorf("%s over %s, window %d", string(f), w.transport, w.window)
			if w.traced {
				last := w.trace[max(0, len(w.trace)-80):]
				err = fmt.Errorf("%w, after these steps:\n%s", err, strings.Join(last, "\n"))
			}
		}
	}()
	fails := w.pick(8) == 0
	for !w.over() {
		w.step()
		if fails && w.pick(200) == 0 {
			w.fail()
			return nil
		}
	}
	w.rest()
	return nil
}

func (w *world) step() {
	s := w.sides[w.pick(2)]
	s.step()
	s.check()
}

// rest lets everything come to its end and checks that nothing is left.
func (w *world) rest() {
	for round := 0; !w.atRest(); round++ {
		if round > 3000 {
			w.fault("does not come to rest: A %s, B %s", w.sides[0].state(), w.sides[1].state())
		}
		for _, s := range w.sides {
			s.finish()
			s.check()
		}
	}
	for _, s := range w.sides {
		if counts := s.core.Counts(); counts != (Counts{}) {
			w.fault("at rest %s still has %+v", s, counts)
		}
	}
	if w.table != nil {
		w.checkTable()
	}
}

func (w *world) atRest() bool {
	for _, s := range w.sides {
		if s.busy() {
			return false
		}
	}
	return true
}

func (w *world) checkTable() {
	if left := w.table.active(); len(left) > 0 {
		w.fault("at rest the entries %v are not Free", left)
	}
	for _, s := range w.sides {
		n := s.core.IDLimit()
		ok, err := s.core.TakeChannels(new(Call), make([]bool, n))
		if !ok || err != nil {
			w.fault("at rest %s cannot take its %d ids", s, n)
		}
	}
}
