package shmring

import (
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shortages are the two kinds of room that a sender may lack, each with a segment and
// a payload that make it the one that is short.
var shortages = map[Kind]struct {
	name    string
	cfg     Config
	payload int
	lack    error
}{
	KindSpace: {"ring space", Config{RingSize: 2}, 20, ErrNoSpace},
	KindSlot:  {"a slot", Config{RingSize: 8, SlotSize: 64, SlotsPerGuest: 1}, 40, ErrNoSlot},
}

// TestLesson_RoomWakesTheOtherSide: both sides are full towards each other; what one
// takes wakes the other, which sleeps until then, with no message from here and no
// look at a clock. A lost wake hangs the test.
func TestLesson_RoomWakesTheOtherSide(t *testing.T) {
	const rounds = 100
	for kind, short := range shortages {
		t.Run(short.name, func(t *testing.T) {
			eachJoin(t, func(t *testing.T, c pairConfig) {
				p := onePair(t, short.cfg, c)
				for _, l := range []*Link{p.host, p.guest} {
					l.patience, l.slotPatience = forEver, forEver
				}
				m := &Message{Type: MsgRequest, Payload: make([]byte, short.payload)}
				for range rounds {
					for _, side := range []struct{ sender, receiver *Link }{{p.host, p.guest}, {p.guest, p.host}} {
						sent := fill(t, side.sender, m, short.lack)
						back := fill(t, side.receiver, m, short.lack)
						more := make(chan error, 1)
						go func() { more <- sendWaiting(side.sender, kind, short.lack, m) }()
						for side.receiver.shm.PeerFlags()&side.sender.bit(kind) == 0 {
							runtime.Gosched()
						}
						take(t, side.receiver, sent)
						require.NoError(t, <-more)
						take(t, side.receiver, 1)
						take(t, side.sender, back)
					}
				}
			})
		})
	}
}

// fill sends until there is no room.
func fill(t *testing.T, l *Link, m *Message, lack error) (sent int) {
	t.Helper()
	for {
		err := l.Stage(m, nil)
		if err == lack {
			return sent
		}
		require.NoError(t, err)
		l.Commit()
		l.Notify()
		sent++
	}
}

// sendWaiting sends one message and sleeps for nothing but room until it may.
func sendWaiting(l *Link, kind Kind, lack error, m *Message) error {
	var staged error
	ended := waitFor(l, kind, 0, func() bool {
		staged = l.Stage(m, nil)
		return staged != lack
	})
	if ended != nil {
		return ended
	}
	if staged == nil {
		l.Commit()
		l.Notify()
	}
	return staged
}

// take receives n messages that are there.
func take(t *testing.T, l *Link, n int) {
	t.Helper()
	b := NewBatch(8)
	for got := 0; got < n; {
		taken, err := l.Receive(b)
		require.NoError(t, err)
		l.Notify()
		got += taken
	}
}

// TestLesson_QuietLinkStaysOpen: the sleep of a link on which nothing happens has no
// end, and where a sleep does end, on words or for a slot, that means nothing.
func TestLesson_QuietLinkStaysOpen(t *testing.T) {
	eachJoin(t, func(t *testing.T, c pairConfig) {
		p := onePair(t, Config{RingSize: 8, SlotSize: 64, SlotsPerGuest: 1}, c)
		for _, l := range []*Link{p.host, p.guest} {
			l.Arm(KindMessages, 0)
			if l.bell != nil && !l.foreign {
				assert.Zero(t, l.bound(false), "an idle sleep on the doorbell has a deadline")
			}
			l.patience, l.slotPatience = time.Microsecond, time.Microsecond
			for range 10 {
				if l.bell != nil {
					require.NoError(t, l.sleepOnBell(time.Microsecond))
				} else {
					require.NoError(t, l.Wait(false))
				}
			}
			l.Arm(KindSlot, 0)
			for range 10 {
				require.NoError(t, l.Wait(true), "a sleep for a slot is over")
			}
			l.Disarm(KindSlot, 0)
			l.Disarm(KindMessages, 0)
			require.NoError(t, l.Err())
		}
		sendNow(t, p.guest, Message{Type: MsgRequest, ID: 1})
		sendNow(t, p.host, Message{Type: MsgRequest, ID: 2})
		assert.EqualValues(t, 1, receiveOne(t, p.host).ID)
		assert.EqualValues(t, 2, receiveOne(t, p.guest).ID)
	})
}

func TestLesson_SlotReturnedTwiceIsFault(t *testing.T) {
	p := onePair(t, Config{SlotSize: 64, SlotsPerGuest: 2}, pairConfig{})
	p.takeSlot(p.host, 1, 9)
	for range 2 {
		p.inject(p.host, desc{kind: 1, slot: 1, generation: 9, ln: 40}.bytes())
	}
	checkFirstThenFault(t, p.host, "shm.slot.generation")
}

// The slot is out again for another message when the descriptor of the first one comes
// once more: its generation alone shows that.
func TestLesson_SlotOfAnEarlierOwnerIsFault(t *testing.T) {
	p := onePair(t, Config{SlotSize: 64, SlotsPerGuest: 1}, pairConfig{})
	sendNow(t, p.guest, Message{Type: MsgRequest, Payload: make([]byte, 40)})
	receiveOne(t, p.host) // generation 1 came back
	sendNow(t, p.guest, Message{Type: MsgRequest})
	p.takeSlot(p.host, 0, 2)
	p.inject(p.host, desc{kind: 1, slot: 0, generation: 1, ln: 40}.bytes())
	checkFirstThenFault(t, p.host, "shm.slot.generation")
}

// A guest whose descriptors and arguments are not all there when it starts fails now
// and then; here everything goes over with the fork, beside the user's own.
func TestLesson_DescriptorsAreHandedOverInOneStep(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 8, SlotSize: 1024})
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	defer write.Close()
	var spawns sync.WaitGroup
	for range 8 {
		spawns.Go(func() {
			for range 4 {
				cmd := program("echo")
				cmd.ExtraFiles = []*os.File{read, write}
				peer, err := host.Spawn(cmd)
				if !assert.NoError(t, err) {
					return
				}
				assert.True(t, slices.Contains(cmd.Args, "--doorbell-fd=5"))
				got, err := call(peer.Link(), 1, "there")
				assert.NoError(t, err)
				assert.Equal(t, "there", got)
				assert.NoError(t, peer.Link().Leave(t.Context(), "")) // the guest ends, and with it its process
				assert.NoError(t, peer.Wait())
				<-peer.Done()
			}
		})
	}
	spawns.Wait()
}
