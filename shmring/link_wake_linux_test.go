package shmring

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// A sleep that only a wake can end: a test hangs where one is lost.
const forEver = time.Hour

// waitFor sleeps on kind k until cond holds. The caller owns l's Wait.
func waitFor(l *Link, k Kind, id uint32, cond func() bool) error {
	if cond() {
		return nil
	}
	l.Arm(k, id)
	defer l.Disarm(k, id)
	for !cond() {
		if err := waitLingering(l, true); err != nil {
			return err
		}
	}
	return nil
}

// TestNoWakeUpIsLost plays ping-pong with each kind of sleep: both sides always sleep
// until the other's step, thousands of times. They linger for as long as it takes, so
// briefly that the wake often falls between the two sleeps, or not at all.
func TestNoWakeUpIsLost(t *testing.T) {
	eachJoin(t, func(t *testing.T, c pairConfig) {
		for _, lingering := range []time.Duration{forEver, 10 * time.Microsecond, 0} {
			t.Run(lingering.String(), func(t *testing.T) { playPingPong(t, c, lingering) })
		}
	})
}

func playPingPong(t *testing.T, c pairConfig, lingering time.Duration) {
	const rounds = 2000
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p := onePair(t, Config{RingSize: 2, SlotSize: 64, SlotsPerGuest: 1}, c)
	p.host.patience, p.guest.patience = forEver, forEver
	p.host.lingering, p.guest.lingering = lingering, lingering
	done := make(chan error, 1)
	go func() { done <- answer(p.host, rounds) }()
	b := NewBatch(2)
	for i := range uint32(rounds) {
		before := p.guest.Granted(1)
		// The answer to the last round took its slot and its place back from here, so that
		// the host waits for space and slot in turn.
		require.NoError(t, stageWhen(p.guest, &Message{Type: MsgRequest, ID: i, Payload: make([]byte, 33+i%20)}))
		require.NoError(t, waitFor(p.guest, KindCredit, 1, func() bool { return p.guest.Granted(1) != before }))
		require.NoError(t, waitFor(p.guest, KindMessages, 0, p.guest.Pending))
		n, err := p.guest.Receive(b)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, i, b.Messages[0].ID)
		p.guest.Notify()
	}
	require.NoError(t, <-done)
}

// answer receives messages and answers each after a grant.
func answer(l *Link, rounds int) error {
	b := NewBatch(2)
	for range rounds {
		if err := waitFor(l, KindMessages, 0, l.Pending); err != nil {
			return err
		}
		if _, err := l.Receive(b); err != nil {
			return err
		}
		l.Notify()
		id := b.Messages[0].ID
		l.Grant(1, 1)
		l.Notify()
		if err := stageWhen(l, &Message{Type: MsgResponse, ID: id, Payload: make([]byte, 40)}); err != nil {
			return err
		}
	}
	return nil
}

// stageWhen sends a message in a slot, waiting for space and slot as it has to.
func stageWhen(l *Link, m *Message) error {
	var staged error
	stage := func() bool {
		staged = l.Stage(m, nil)
		return staged != ErrNoSpace && staged != ErrNoSlot
	}
	kinds := map[bool]Kind{true: KindSpace, false: KindSlot}
	for !stage() {
		k := kinds[staged == ErrNoSpace]
		l.Arm(k, 0)
		again := stage()
		if !again && k == kinds[staged == ErrNoSpace] {
			if err := l.Wait(true); err != nil {
				staged, again = err, true
			}
		}
		l.Disarm(k, 0)
		if again {
			break
		}
	}
	if staged == nil {
		l.Commit()
		l.Notify()
	}
	return staged
}

func TestSpaceComesWithAWake(t *testing.T) {
	const messages = 3000
	eachJoin(t, func(t *testing.T, c pairConfig) {
		p := onePair(t, Config{RingSize: 2}, c)
		p.host.patience, p.guest.patience = forEver, forEver
		done := make(chan error, 1)
		go func() {
			for i := range uint32(messages) {
				m := Message{Type: MsgRequest, ID: i}
				var err error
				if waitErr := waitFor(p.host, KindSpace, 0, func() bool { err = p.host.Stage(&m, nil); return err != ErrNoSpace }); waitErr != nil {
					err = waitErr
				}
				if err != nil {
					done <- err
					return
				}
				p.host.Commit()
				p.host.Notify()
			}
			done <- nil
		}()
		b := NewBatch(2)
		for got := 0; got < messages; {
			require.NoError(t, waitFor(p.guest, KindMessages, 0, p.guest.Pending))
			n, err := p.guest.Receive(b)
			require.NoError(t, err)
			p.guest.Notify()
			got += n
		}
		require.NoError(t, <-done)
	})
}

func TestBitStaysWhileAWaiterIsLeft(t *testing.T) {
	for _, words := range []bool{false, true} {
		p := onePair(t, Config{}, pairConfig{words: words})
		for k := KindMessages; k < kinds; k++ {
			bit := p.guest.bit(k)
			p.guest.Arm(k, 1)
			p.guest.Arm(k, 1)
			p.guest.Disarm(k, 1)
			assert.NotZero(t, p.host.shm.PeerFlags()&bit)
			p.guest.Disarm(k, 1)
			assert.Zero(t, p.host.shm.PeerFlags()&bit)
		}
		assert.Empty(t, p.guest.waits.words)
	}
}

func TestOnlyASleeperIsRung(t *testing.T) {
	p := onePair(t, Config{}, pairConfig{})
	sendNow(t, p.guest, Message{Type: MsgRequest})
	assert.False(t, rung(p.host), "nobody said that he sleeps")
	p.host.Arm(KindMessages, 0)
	require.NoError(t, p.guest.Stage(&Message{Type: MsgRequest}, nil))
	p.guest.Commit()
	assert.False(t, rung(p.host), "Commit leaves it to Notify")
	p.guest.Notify()
	assert.True(t, rung(p.host))
	p.guest.Notify()
	assert.False(t, rung(p.host), "one Notify is enough")
	p.host.Disarm(KindMessages, 0)

	p.host.Arm(KindCredit, 7)
	p.guest.Grant(7, 1)
	p.guest.Notify()
	assert.True(t, rung(p.host))

	f := onePair(t, Config{}, pairConfig{foreign: true})
	sendNow(t, f.guest, Message{Type: MsgRequest})
	assert.True(t, rung(f.host), "a foreign peer is rung always")
}

// rung takes the rings that came, without waiting for any.
func rung(l *Link) bool {
	var b [64]byte
	n, err := unix.Read(l.bell.fd, b[:])
	return err == nil && n > 0
}

func TestInterruptEndsWait(t *testing.T) {
	eachJoin(t, func(t *testing.T, c pairConfig) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		p := onePair(t, Config{}, c)
		p.host.patience = forEver
		p.host.Interrupt()
		require.NoError(t, p.host.Wait(false), "an interrupt before Wait ends it")
		var rounds atomic.Int32
		done := make(chan struct{})
		go func() {
			defer close(done)
			for rounds.Load() < 300 {
				if p.host.Wait(false) != nil {
					return
				}
				rounds.Add(1)
			}
		}()
		for range 300 {
			seen := rounds.Load()
			p.host.Interrupt()
			for rounds.Load() == seen && seen < 300 {
				awaitChange(done)
			}
		}
		<-done
	})
}

// awaitChange lets others run.
func awaitChange(done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(10 * time.Microsecond):
	}
}

func TestArmReachesAWaitThatSleeps(t *testing.T) {
	for _, c := range []pairConfig{{}, {words: true}} {
		p := onePair(t, Config{}, c)
		p.host.patience = forEver
		woken := make(chan struct{})
		go func() {
			for p.host.Granted(5) == 0 && p.host.Wait(true) == nil {
			}
			close(woken)
		}()
		p.host.Arm(KindCredit, 5)
		p.guest.Grant(5, 1)
		p.guest.Notify()
		<-woken
		p.host.Disarm(KindCredit, 5)
	}
}

func TestMoreCreditWaitersThanOneSleepTakes(t *testing.T) {
	const channels = 300
	p := onePair(t, Config{MaxChannels: channels}, pairConfig{words: true})
	for id := range uint32(channels) {
		p.host.Arm(KindCredit, id)
	}
	p.guest.Grant(channels-1, 1)
	for p.host.Granted(channels-1) == 0 {
		require.NoError(t, p.host.Wait(true))
	}
	require.NoError(t, p.host.Wait(true), "bounded, whatever is armed")
	for id := range uint32(channels) {
		p.host.Disarm(KindCredit, id)
	}
	assert.Empty(t, p.host.waits.words)
}

// TestForeignPeerThatNeverWakes has a peer that writes its messages and tells nobody.
func TestForeignPeerThatNeverWakes(t *testing.T) {
	for _, words := range []bool{false, true} {
		p := onePair(t, Config{}, pairConfig{foreign: true, words: words})
		for _, busy := range []bool{true, false} {
			p.host.Arm(KindMessages, 0)
			p.inject(p.host, desc{kind: 1, slot: layout.InlineSlot}.bytes())
			for !p.host.Pending() {
				require.NoError(t, p.host.Wait(busy))
			}
			require.NoError(t, p.host.Wait(busy), "the sleep is bounded")
			p.host.Disarm(KindMessages, 0)
			receiveOne(t, p.host)
		}
	}
}

func TestEndBreaksEverySleep(t *testing.T) {
	eachJoin(t, func(t *testing.T, c pairConfig) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		p := onePair(t, Config{}, c)
		p.host.patience = forEver
		var word uint32
		waits, naps := make(chan error), make(chan struct{})
		go func() {
			for p.host.Wait(false) == nil {
			}
			waits <- p.host.Err()
		}()
		go func() {
			for p.host.Err() == nil && p.host.Nap(&word, 0, forEver, false) {
			}
			close(naps)
		}()
		p.host.end(ErrPeerDied)
		p.host.end(ErrClosed)
		require.ErrorIs(t, <-waits, ErrPeerDied, "the first cause stays")
		<-naps
		p.host.retire()
	})
}

func TestWakePeerReachesEveryWord(t *testing.T) {
	p := onePair(t, Config{}, pairConfig{words: true})
	p.guest.patience = forEver
	p.guest.Arm(KindCredit, 3)
	woken := make(chan error)
	go func() {
		for p.guest.Wait(false) == nil {
		}
		woken <- p.guest.Err()
	}()
	atomic.StoreUint32(p.guestSeg.u32(layout.OffHeaderHostGoodbye), 1)
	stop, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // as the leaving host does, again and again
		for stop.Err() == nil {
			p.host.wakePeer()
			awaitChange(stop.Done())
		}
	}()
	require.ErrorIs(t, <-woken, ErrHostLeaving)
}

// TestManyWaitersOfOnePump has goroutines that sleep on something of their own while
// one of them is in Wait for all, as a driver's do.
func TestManyWaitersOfOnePump(t *testing.T) {
	const waiters, rounds = 8, 100
	eachJoin(t, func(t *testing.T, c pairConfig) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		p := onePair(t, Config{MaxChannels: waiters + 1}, c)
		p.guest.patience = forEver
		var look sync.Mutex
		again := sync.NewCond(&look)
		var asked [waiters + 1]atomic.Uint32

		var running, others sync.WaitGroup
		for id := uint32(1); id <= waiters; id++ {
			running.Go(func() {
				for round := range uint32(rounds) {
					asked[id].Add(1)
					p.guest.Arm(KindCredit, id)
					look.Lock()
					for p.guest.Granted(id) == round {
						again.Wait()
					}
					look.Unlock()
					p.guest.Disarm(KindCredit, id)
				}
			})
		}
		others.Go(func() {
			for p.guest.Wait(true) == nil {
				look.Lock()
				again.Broadcast()
				look.Unlock()
			}
		})
		others.Go(func() {
			for p.host.Err() == nil {
				for id := uint32(1); id <= waiters; id++ {
					if p.host.Granted(id) != asked[id].Load() {
						p.host.Grant(id, 1)
						p.host.Notify()
					}
				}
				runtime.Gosched()
			}
		})
		running.Wait()
		p.host.end(ErrClosed)
		p.guest.end(ErrClosed)
		others.Wait()
	})
}
