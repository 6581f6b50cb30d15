package transport

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/roam-rpc/roam-go/wire"
)

// Kind is what somebody waits for.
type Kind uint8

// The kinds of waiting.
const (
	Messages Kind = iota // a message of the peer
	Space                // room for a message of ours
	Slot                 // room for the payload of a message of ours
	Credit               // credit on one channel
	Kinds                // how many there are
)

// BatchSize is how many messages are received at once, the least length of what Poll fills.
const BatchSize = 32

// Stage's errors that mean: wait for room and try again. Nothing is held.
var (
	ErrNoSpace = errors.New("no space for a message now")
	ErrNoSlot  = errors.New("no slot for a payload now")
)

// Fault is a message of the peer that breaks a rule below the level of calls and
// channels. The connection ends with a Goodbye.
type Fault struct {
	Rule   string // rule id
	Detail string // what, value and bound
}

func (f *Fault) Error() string { return f.Rule + ": " + f.Detail }

// Loan is memory that a payload lies in, with who may use it. Release gives it back,
// once, when nobody uses it any more; any goroutine may call it.
type Loan interface{ Release() }

// Arrival is a message that was received. Its bytes are valid until the next Poll,
// but for a payload that is lent.
type Arrival struct {
	wire.Message
	// Loan, if not nil, is what the Payload lies in, which the peer may write to all the
	// while. Who has the Arrival must release it.
	Loan Loan
	// Size is the payload as the negotiated limit counts it, bytes.
	Size int
	// Seq counts messages received, this one included; it wraps.
	Seq uint32
}

// Lender is a Transport that can leave large payloads where the peer put them, as long as
// enough room stays for those that it takes away at once.
type Lender interface {
	Transport
	// Lend sets what decides, for a large message of which all is known but the payload
	// and metadata, whether it is to be lent. Poll calls it. It is set before the
	// first Poll.
	Lend(wanted func(m *wire.Message) bool)
}

// Draft is room for a payload, taken before its message is staged, to be written in
// place. Release gives it back if the message was not committed.
type Draft interface {
	Loan
	Bytes() []byte
}

// Drafter is a Transport that gives drafts.
type Drafter interface {
	Transport
	// Draft takes room for a payload of n bytes; nil when there is none to spare now. It
	// does not wait. Any goroutine.
	Draft(n int) Draft
	// StageDraft is Stage for a Data message whose payload lies in a draft, which stays
	// the caller's until Commit.
	StageDraft(m *wire.Message, d Draft) error
}

// SendLock is held by whoever sends over a connection.
type SendLock interface {
	sync.Locker
	// TryLock is Lock where that waits for nobody who copies a message.
	TryLock() bool
}

// Transport moves the messages of one connection.
//
// Stage, Commit and Abort are called by who holds the lock of SendUnder, Poll and Rest by
// one goroutine at a time, Wait by one goroutine at a time; all else by any. Stage, Commit,
// Abort, Arm and Disarm are called with locks held: they neither take the lock of SendUnder
// nor call the function of OnWake, of this transport or another. After the end every method
// returns at once, with the error that ended it where it has one.
type Transport interface {
	// SendUnder sets the lock that whoever stages a message has until it was committed or
	// aborted. What the transport sends by itself it sends under the same lock. It is set
	// before anything is sent.
	SendUnder(lock SendLock)
	// Stage takes room for m and writes it where the peer does not see it yet. It
	// does not keep m. ErrNoSpace or ErrNoSlot: wait and try again.
	Stage(m *wire.Message) error
	// Commit makes the staged message visible to the peer. It takes O(1).
	Commit()
	// Abort gives back what Stage took.
	Abort()
	// Notify tells the peer, and whoever waits on other connections, of what was committed
	// or given back, where they have to be told, and does what is left of Rest. It is called
	// outside of locks, and waits for no more than a short message that is sent meanwhile.
	Notify()

	// Woke says whether the peer slept when a message was committed since the last Woke:
	// it takes a while to answer, and may need this processor for that.
	Woke() bool

	// Poll fills batch with messages that have arrived and says how many. Where there are
	// none it looks up to so many times, some hundred nanoseconds each, for one. A *Fault
	// comes after the messages before it.
	Poll(batch []Arrival, looks int) (int, error)
	// Rest does what Poll and Stage put off so as to do it for many messages at once:
	// called by who receives before it stops for long. Notify follows it.
	Rest()
	// Pending says that Poll would give something at once, an error included.
	Pending() bool

	// Arm asks that Wait returns when what it names may have come about, Disarm takes
	// it back. id is the channel for Credit. After Arm, look again before sleeping.
	Arm(k Kind, id uint32)
	Disarm(k Kind, id uint32)
	// Wait sleeps until something armed may have come about, Interrupt, or the end,
	// which it returns. Spurious returns are allowed. busy: a call or channel is open.
	Wait(busy bool) error
	// Interrupt makes a Wait return that is under way, or the next.
	Interrupt()
	// OnWake sets the function that is called when those who wait should look again
	// although Wait does not return. It is called from any goroutine.
	OnWake(fn func())

	// Nap is the sleep of a goroutine that receives for itself: until a message may
	// be there, bell rings, or d is over. One that is expected to be brief may keep the
	// processor from other goroutines. false: not here, or not now; it did not sleep.
	Nap(bell *Bell, d time.Duration, brief bool) bool

	// Close ends the connection in order: what was committed is handed over as far as
	// ctx and the peer allow. Idempotent.
	Close(ctx context.Context) error
}
