package model

// Entry is the model of one channel entry over successive uses of its id (shm-rules,
// End of an entry, Reuse, Never opened). A caller allocates the id for a call, a callee
// serves it, each direction has a ring, and every message and every touch of the entry
// carries a ghost tag: the use that it belongs to. Nothing in the rule looks at a tag;
// the model faults when one meets another use.
//
// What is a step of its own: deciding on a message, publishing it, taking it off the
// ring, processing it; reading granted_total, adding to it, seeing Free, writing Free.
// A thread that sends Data and one that grants run beside the rest of their side. What
// a side decides elsewhere (Close, Reset, Response) waits in its outbox. The peer and
// the application may do anything they are allowed to at any time: end their half,
// return with or without keeping it, refuse the Request, never publish it. Cancel is
// no message here: it lets a handler return and a caller send Reset, which both may do
// at any time anyway. A call has one channel, and the other side's ids have entries
// of their own: neither shares more with this entry than the order of the rings.
//
// Bounds: Room messages in each ring and two taken off it, credit of one item and
// Grants grants of one more, so that 1+Grants items cross in each use.
type Entry struct {
	// Sends says who sends in each use, at most maxUses: the caller (a handler's Rx)
	// or the callee (a handler's Tx).
	Sends []Side
	// Grants is how often the receiver grants.
	Grants uint8
	// Room is how many messages lie in a ring, at most maxRoom.
	Room uint8
	// Fused is how this module's driver does it: Data is decided and published in one
	// step, as are a Request and its activation, after what the outbox holds; a grant
	// is decided and made in one step.
	Fused bool
	// Rule is the rule, with clauses broken on purpose.
	Rule EntryRule
}

// Side is one of the two.
type Side uint8

// The sides of a call.
const (
	Caller Side = iota
	Callee
)

func (s Side) other() Side { return 1 - s }

func (s Side) String() string { return [...]string{"caller", "callee"}[s] }

// word is what a message says.
type word uint8

const (
	wRequest word = iota + 1
	wData
	wClose
	wReset
	wResponse
	wRefusal // a Response UnknownMethod or InvalidPayload
)

// message is a word and the use that it was sent in; 0 is none.
type message uint8

func say(w word, use int) message { return message(w)<<2 | message(use) }

func (m message) word() word { return word(m >> 2) }
func (m message) use() int   { return int(m & 3) }

// endsChannel says that m is the last word of a sender or receiver.
func (m message) endsChannel() bool { return m.word() == wClose || m.word() == wReset }

// maxUses bounds the uses of the id.
const maxUses = 3

// maxRoom and handful bound a ring and what was taken off it and not processed.
const (
	maxRoom = 3
	handful = 2
)

// line is the way of one direction, oldest first: messages in hand, then the ring.
type line struct {
	messages [maxRoom + handful]message
	length   uint8
	taken    uint8 // of length: off the ring, not processed
}

func (l *line) push(m message) {
	l.messages[l.length] = m
	l.length++
}

func (l *line) pop() message {
	m := l.messages[0]
	copy(l.messages[:], l.messages[1:])
	l.messages[len(l.messages)-1] = 0
	l.length--
	l.taken--
	return m
}

// outbox is what a side decided on and has not published, in order.
type outbox [2 * maxUses]message

func (o *outbox) push(m message) {
	for i := range o {
		if o[i] == 0 {
			o[i] = m
			return
		}
	}
	panic("model: a side has decided on more than two messages a use")
}

func (o *outbox) remove(i int) {
	copy(o[i:], o[i+1:])
	o[len(o)-1] = 0
}

// discard takes back the last word of a use.
func (o *outbox) discard(use int) {
	if i := o.find(use); i >= 0 {
		o.remove(i)
	}
}

// find gives the place of the last word of a use, -1 for none.
func (o *outbox) find(use int) int {
	for i, m := range o {
		if m != 0 && m.endsChannel() && m.use() == use {
			return i
		}
	}
	return -1
}

// phase is how far a half of a channel has come towards its end.
type phase uint8

const (
	unopened phase = iota
	open
	ending // decided to end; a sender thread still has to come out
	queued // the last word lies in the outbox
	sent   // the last word lies in the ring
	over   // ended by the peer, or by the answer to the call
)

// half is one side of one use.
type half struct {
	phase   phase
	word    word  // the last word of a half that is ending
	heard   bool  // the peer's last word came, or the Response that stands for it
	never   bool  // caller: the callee never opened the channel
	freed   bool  // this side wrote Free
	retired bool  // caller: own end over, the id may go to the next use
	sender  doing // the thread that sends Data
	granter doing // the thread that grants
	unread  uint8 // items received, not consumed
	counted uint8 // items sent, or grants made
}

// doing is what a thread is at.
type doing uint8

const (
	outside doing = iota
	waiting       // sender: is to read granted_total
	decided       // sender: is to publish Data; granter: is to add to granted_total
)

// stage is how far a call has come on one side.
type stage uint8

const (
	idle      stage = iota
	opened          // caller: the id is taken; callee: the Request was processed (AcceptLate)
	running         // caller: Request published; callee: the handler runs
	returned        // callee: the handler returned
	answered        // caller: Response processed; callee: Response decided
	withdrawn       // caller: the Request was never published
)

// idState is how far the id has come back.
type idState uint8

const (
	idUsable   idState = iota
	idTaken            // a use has it
	idRetired          // own end over
	idSeenFree         // Free was seen
	idDraining         // the ring head was read after that
)

// EntryState is one state of Entry.
type EntryState struct {
	// The entry, with the use that activated it last.
	active    bool
	activated int8 // use + 1
	granted   uint8

	lines  [2]line   // towards the side
	out    [2]outbox // of the side
	halves [2][maxUses]half
	stages [2][maxUses]stage
	open   [2]int8 // the use that the side's core has under the id, + 1

	id      idState
	left    uint8 // messages until the ring is drained
	peeked  bool  // the ring head was read too early (a broken rule)
	uses    int8
	lenient bool // callee: refused a Request, messages for unopened ids are dropped

	fault faultCode
}

type faultCode uint8

const (
	noFault faultCode = iota
	faultDelivery
	faultGrant
	faultCredit
	faultFree
	faultTwice
	faultActivate
	faultUnique
	faultData
	faultNegative
)

var faultText = [...]string{
	faultDelivery: "a message was delivered to another use",
	faultGrant:    "a grant went to another use",
	faultCredit:   "the credit of another use was read",
	faultFree:     "the entry of another use was freed",
	faultTwice:    "the entry was freed twice",
	faultActivate: "an entry was activated that is not Free",
	faultUnique:   "a Request names an id that is open: a Goodbye to a peer that broke no rule",
	faultData:     "Data for a channel that has ended: a Goodbye to a peer that broke no rule",
	faultNegative: "the remaining credit is negative: a Goodbye to a peer that broke no rule",
}

// Start is a connection on which nothing has happened.
func (m *Entry) Start() EntryState { return EntryState{} }

// Fault names the rule that s breaks.
func (m *Entry) Fault(s EntryState) string { return faultText[s.fault] }

// Done says that all uses are over and left nothing behind: the entry is Free, the
// id may be used again, no thread is at work, nothing is under way.
func (m *Entry) Done(s EntryState) bool {
	if int(s.uses) < len(m.Sends) || s.id != idUsable || s.active || s.out != [2]outbox{} || s.open != [2]int8{} {
		return false
	}
	for side := range s.halves {
		if s.lines[side].length > 0 {
			return false
		}
		for use := range m.Sends {
			h := &s.halves[side][use]
			if h.sender != outside || h.granter != outside || !m.settled(&s, Side(side), use) {
				return false
			}
		}
	}
	return true
}

// settled says that the call of a use is over on a side.
func (m *Entry) settled(s *EntryState, side Side, use int) bool {
	switch s.stages[side][use] {
	case answered, withdrawn:
		return true
	case idle:
		return side == Callee && s.stages[Caller][use] == withdrawn
	}
	return false
}

// sends says whether a side sends in a use.
func (m *Entry) sends(side Side, use int) bool { return m.Sends[use] == side }
