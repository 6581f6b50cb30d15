package hosttest

import (
	"fmt"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// maxInFlight is how many Requests one side may have in flight.
const maxInFlight = 1024

// Channel is a channel that the arguments of a Request name. Tx and rx are the handler's.
type Channel struct {
	ID uint32
	Tx bool
}

// Tx is a channel on which the handler sends.
func Tx(id uint32) Channel { return Channel{id, true} }

// Rx is a channel on which the handler receives.
func Rx(id uint32) Channel { return Channel{ID: id} }

// monitor holds what a guest sends, and does with the channel table, against the
// protocol. It knows what the host has sent.
type monitor struct {
	limits Config
	entry  func(id uint32) (state, granted uint32)
	head   func() uint32 // of the ring that the guest writes

	calls   map[uint32]*call // of the guest, in flight
	serving map[uint32]*call // of the host, in flight
	uses    map[uint32]*use  // the latest of each channel id
	called  map[uint32]bool  // ids of all Requests of the guest
	over    bool             // it has said Goodbye
}

// call is one Request in flight.
type call struct {
	uses      []*use
	cancelled bool
}

// use is one use of a channel id.
type use struct {
	id         uint32
	guestCalls bool // the guest allocated the id
	guestSends bool

	sent      uint32 // by the guest, bytes of Data
	ended     bool   // the guest has sent Close or Reset
	hostEnded bool   // the host has
	answered  bool   // the Response of the call has passed
	refused   bool   // it said that nothing was opened

	freed   bool   // by the one who does that
	freedAt uint32 // index of the ring, seen after the entry was Free
	settled bool   // grants has a value that may not change any more
	grants  uint32
}

func newMonitor(limits Config, entry func(id uint32) (state, granted uint32), head func() uint32) *monitor {
	return &monitor{limits: limits, entry: entry, head: head,
		calls: map[uint32]*call{}, called: map[uint32]bool{}, serving: map[uint32]*call{}, uses: map[uint32]*use{}}
}

// asked notes a Request of the host.
func (m *monitor) asked(id uint32, channels []Channel) {
	m.serving[id] = m.open(channels, false)
}

func (m *monitor) open(channels []Channel, guestCalls bool) *call {
	k := new(call)
	for _, c := range channels {
		u := &use{id: c.ID, guestCalls: guestCalls, guestSends: c.Tx != guestCalls}
		m.uses[c.ID] = u
		k.uses = append(k.uses, u)
	}
	return k
}

// sent notes another message of the host.
func (m *monitor) sent(msg *Message) {
	switch msg.Type {
	case layout.MsgResponse:
		if k := m.calls[msg.ID]; k != nil {
			delete(m.calls, msg.ID)
			k.answer(refuses(msg.Payload))
		}
	case layout.MsgClose, layout.MsgReset:
		if u := m.uses[msg.ID]; u != nil {
			u.hostEnded = true
		}
	}
}

func (k *call) answer(refused bool) {
	for _, u := range k.uses {
		u.answered, u.refused = true, refused
	}
}

// refuses says that a Response is UnknownMethod or InvalidPayload.
func refuses(payload []byte) bool {
	return len(payload) >= 2 && payload[0] == 1 && (payload[1] == UnknownMethod || payload[1] == InvalidPayload)
}

// freed notes that the host has freed an entry whose id the guest allocated.
func (m *monitor) hostFreed(id uint32) {
	if u := m.uses[id]; u != nil {
		u.freed = true
	}
}

// received checks a message of the guest, the one at an index of the ring.
func (m *monitor) received(msg *Message, channels []Channel, index uint32) error {
	if m.over {
		return fmt.Errorf("%s after its Goodbye", msg)
	}
	switch msg.Type {
	case layout.MsgRequest:
		return m.request(msg, channels)
	case layout.MsgResponse:
		return m.response(msg)
	case layout.MsgCancel:
		return m.cancel(msg)
	case layout.MsgData, layout.MsgClose, layout.MsgReset:
		return m.onChannel(msg, index)
	}
	m.over = true
	return nil
}

func (m *monitor) request(msg *Message, channels []Channel) error {
	switch {
	case m.calls[msg.ID] != nil:
		return fmt.Errorf("%s: its id is in flight", msg)
	case msg.ID == 0:
		return fmt.Errorf("%s: ids count from 1", msg)
	case len(m.calls) >= maxInFlight:
		return fmt.Errorf("%s: %d are in flight", msg, len(m.calls))
	}
	m.called[msg.ID] = true
	for i, c := range channels {
		if err := m.newID(c.ID); err != nil {
			return fmt.Errorf("%s, channel %d: %w", msg, c.ID, err)
		}
		for _, other := range channels[:i] {
			if other.ID == c.ID {
				return fmt.Errorf("%s names channel %d twice", msg, c.ID)
			}
		}
	}
	m.calls[msg.ID] = m.open(channels, true)
	return nil
}

// newID checks a channel id that a guest's Request names.
func (m *monitor) newID(id uint32) error {
	old := m.uses[id]
	switch {
	case id%2 != 1:
		return fmt.Errorf("a guest's ids are odd")
	case m.limits.Foreign && old != nil:
		return fmt.Errorf("an id never comes again with a host without a table")
	case m.limits.Foreign:
		return nil
	case id >= m.limits.MaxChannels:
		return fmt.Errorf("ids are below %d", m.limits.MaxChannels)
	case old != nil && !old.freed && !old.refused:
		return fmt.Errorf("it was not freed")
	case old != nil && !old.ended && old.guestSends && !old.refused:
		return fmt.Errorf("the guest has not ended it")
	}
	if state, granted := m.entry(id); state != layout.EntryActive || granted != m.limits.InitialCredit {
		return fmt.Errorf("its entry is in state %d with %d bytes granted", state, granted)
	}
	return nil
}

func (m *monitor) response(msg *Message) error {
	k := m.serving[msg.ID]
	switch {
	case k == nil:
		return fmt.Errorf("%s: no such request is in flight", msg)
	case len(msg.Payload) == 0 || msg.Payload[0] > 1 || msg.Payload[0] == 1 && len(msg.Payload) < 2:
		return fmt.Errorf("%s is no result", msg)
	}
	delete(m.serving, msg.ID)
	k.answer(refuses(msg.Payload))
	for _, u := range k.uses {
		state, granted := m.entry(u.id)
		switch {
		case u.refused && !m.limits.Foreign && (state != layout.EntryActive || granted != m.limits.InitialCredit):
			return fmt.Errorf("%s: the entry of channel %d was touched: state %d, %d bytes granted", msg, u.id, state, granted)
		case !u.refused && u.guestSends && !u.ended && !u.hostEnded:
			return fmt.Errorf("%s before the end of channel %d", msg, u.id)
		}
	}
	return nil
}

func (m *monitor) cancel(msg *Message) error {
	k := m.calls[msg.ID]
	switch {
	case k == nil && m.called[msg.ID]:
		return nil // crossed with the Response
	case k == nil:
		return fmt.Errorf("%s: there was no such request", msg)
	case k.cancelled:
		return fmt.Errorf("%s: again", msg)
	}
	k.cancelled = true
	return nil
}

// onChannel checks Data, Close and Reset.
func (m *monitor) onChannel(msg *Message, index uint32) error {
	u := m.uses[msg.ID]
	switch {
	case u == nil:
		return fmt.Errorf("%s: there is no such channel", msg)
	case u.ended:
		return fmt.Errorf("%s: the guest has ended the channel", msg)
	case msg.Type != layout.MsgReset && !u.guestSends:
		return fmt.Errorf("%s: the guest receives on this channel", msg)
	case u.freed && int32(index-u.freedAt) >= 0:
		return fmt.Errorf("%s after its entry was freed", msg)
	case u.refused && !u.guestCalls:
		return fmt.Errorf("%s on a channel that was not opened", msg)
	case u.answered && u.guestSends && !u.guestCalls:
		return fmt.Errorf("%s after the Response of its call", msg)
	case msg.Type == layout.MsgData:
		return m.data(u, msg)
	}
	u.ended = true
	if !u.guestSends {
		u.settle(m)
	}
	return nil
}

func (m *monitor) data(u *use, msg *Message) error {
	_, granted := m.entry(u.id)
	if m.limits.Foreign {
		granted = m.limits.InitialCredit
	}
	u.sent += uint32(len(msg.Payload))
	if left := int32(granted - u.sent); left < 0 {
		return fmt.Errorf("%s of %d bytes is %d over the credit", msg, len(msg.Payload), -left)
	}
	return nil
}

// settle notes what was granted on a channel when nothing more may be.
func (u *use) settle(m *monitor) {
	if !u.settled && !m.limits.Foreign {
		u.settled = true
		_, u.grants = m.entry(u.id)
	}
}

// look checks the channel table. It is called before the ring is read.
func (m *monitor) look() error {
	if m.limits.Foreign {
		return nil
	}
	for id, u := range m.uses {
		state, granted := m.entry(id)
		switch {
		case id >= m.limits.MaxChannels: // there is no entry
		case state != layout.EntryFree && state != layout.EntryActive:
			return fmt.Errorf("the entry of channel %d has state %d", id, state)
		case u.settled && granted != u.grants:
			return fmt.Errorf("%d bytes were granted on channel %d after its end, %d before", granted, id, u.grants)
		case state == layout.EntryActive || u.freed || u.refused:
		case u.guestCalls:
			return fmt.Errorf("the guest, which called, freed the entry of channel %d", id)
		case !u.guestSends && !u.hostEnded:
			return fmt.Errorf("the guest freed the entry of channel %d before the end of its caller", id)
		default:
			u.freed, u.freedAt = true, m.head()
			u.settle(m)
		}
	}
	return nil
}

// processed checks what has to be true when all messages up to an index were received.
func (m *monitor) processed(index uint32) error {
	for id, u := range m.uses {
		if u.freed && !u.guestCalls && int32(index-u.freedAt) >= 0 && u.guestSends && !u.ended && !u.hostEnded {
			return fmt.Errorf("the guest freed the entry of channel %d before its end", id)
		}
	}
	return nil
}
