package shmring

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// leaveStep is how often a leaving guest looks whether the host still reads.
const leaveStep = 10 * time.Millisecond

// Leave ends this side in order, whatever ended the link before, and retires it. A
// guest waits, as far as ctx allows, until the host has received what it committed; a
// host puts a Goodbye with reason (if any) into the ring when there is room at once.
// Then the entry becomes Goodbye and the peer is woken. A peer that has died is left
// without a word.
//
// It returns ctx's error when the host did not receive all in time. Every call
// returns when the first one does, with the same result. A message that is staged
// must be committed or aborted, or Leave waits for that.
func (l *Link) Leave(ctx context.Context, reason string) error {
	l.leaving.Do(func() { l.left = l.leave(ctx, reason) })
	return l.left
}

func (l *Link) leave(ctx context.Context, reason string) error {
	l.end(ErrClosed)
	if cause := l.Err(); errors.Is(cause, ErrPeerDied) || errors.Is(cause, ErrPeerLeft) {
		l.retire()
		return nil
	}
	var err error
	if l.host {
		l.sayGoodbye(reason)
	} else {
		err = l.awaitReceived(ctx)
	}
	l.retireWith(l.setGoodbye)
	return err
}

// setGoodbye makes the entry Goodbye, if it is Attached, and wakes the peer. Nobody else is
// inside any more, and it is the last that is written to the entry: whoever still cleared a
// flag after it might do so in the next guest's.
func (l *Link) setGoodbye() {
	l.giveBackSpares()
	for {
		word := l.seg.word(l.peer)
		if word.state() != layout.StateAttached || l.seg.casWord(l.peer, word, wordOf(layout.StateGoodbye, word.epoch())) {
			break
		}
	}
	l.shm.WakeAll()
	if l.bell != nil {
		_ = l.bell.ring() // whoever reads this bell learns of its end by itself
	}
}

// sayGoodbye publishes a Goodbye with reason, if there is room at once. Without a slot
// for it the reason is cut to what fits a descriptor.
func (l *Link) sayGoodbye(reason string) {
	if reason == "" {
		return
	}
	lock := l.send.lock()
	lock.Lock()
	defer lock.Unlock()
	err := l.stage(goodbye(reason, int(l.seg.lay.MaxPayload)), nil)
	if errors.Is(err, ErrNoSlot) {
		err = l.stage(goodbye(reason, layout.InlineMax), nil)
	}
	if err == nil {
		l.owe(l.shm.Commit())
	}
}

// goodbye is the message, its reason cut to size bytes between runes.
func goodbye(reason string, size int) *Message {
	if len(reason) > size {
		for size > 0 && !utf8.RuneStart(reason[size]) {
			size--
		}
		reason = reason[:size]
	}
	return &Message{Type: MsgGoodbye, Payload: []byte(reason)}
}

// awaitReceived waits until the host has taken every message off the ring. It gives
// up with ctx, and without an error when the host cannot be expected to go on.
func (l *Link) awaitReceived(ctx context.Context) error {
	if !l.enter() {
		return nil
	}
	bit := engine.FutexBit(engine.Space)
	l.addWaiter(bit)
	l.exit()
	defer func() {
		if l.enter() {
			l.removeWaiter(bit)
			l.exit()
		}
	}()
	for l.napUntilReceived() {
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// napUntilReceived sleeps for one step on the tail of the outgoing ring, and reports
// whether there is something to wait for still.
func (l *Link) napUntilReceived() bool {
	if !l.enter() {
		return false
	}
	defer l.exit()
	broken := atomic.LoadUint32(&l.napBreak)
	tail, unread := l.shm.Unread()
	if !unread || l.seg.word(l.peer).state() != layout.StateAttached || l.bell != nil && l.bell.hungUp() {
		return false
	}
	if engine.CanSleep() {
		engine.Sleep([]engine.Wait{
			engine.WaitShared(l.shm.WaitWord(engine.Space, 0), tail),
			engine.WaitPrivate(&l.napBreak, broken),
		}, leaveStep)
	} else {
		engine.SleepOne(&l.napBreak, broken, leaveStep)
	}
	return true
}
