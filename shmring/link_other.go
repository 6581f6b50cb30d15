//go:build !linux

package shmring

import (
	"context"
	"time"
)

// Link is one side's end of one guest's rings, slot pools and channel table. There is
// none on this system: every method reports [ErrNotSupported].
type Link struct{}

// ended is closed: a link that cannot be is over.
var ended = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Batch is what one Receive takes off a ring.
type Batch struct {
	Messages []Message
	Lend     func(*Message) bool
}

// Draft is a slot of this side that a payload is written into.
type Draft struct{}

// Loan is a slot of the peer whose payload is used where it lies.
type Loan struct{}

// NewBatch makes a batch that nothing fills.
func NewBatch(int) *Batch { return &Batch{} }

func (d *Draft) Release()                                     {}
func (d *Draft) Bytes() []byte                                { return nil }
func (l *Link) Draft(int) *Draft                              { return nil }
func (l *Link) StageDraft(*Message, *Draft) error             { return ErrNotSupported }
func (o *Loan) Release()                                      {}
func (l *Link) SendUnder(SendLock)                            {}
func (l *Link) Stage(*Message, []byte) error                  { return ErrNotSupported }
func (l *Link) Commit()                                       {}
func (l *Link) Woke() bool                                    { return false }
func (l *Link) Abort()                                        {}
func (l *Link) Notify()                                       {}
func (l *Link) Receive(*Batch) (int, error)                   { return 0, ErrNotSupported }
func (l *Link) Rest()                                         {}
func (l *Link) Pending() bool                                 { return true }
func (l *Link) Poll(*Batch, int) (int, error)                 { return 0, ErrNotSupported }
func (l *Link) RecvHead() uint32                              { return 0 }
func (l *Link) Arm(Kind, uint32)                              {}
func (l *Link) Disarm(Kind, uint32)                           {}
func (l *Link) Wait(bool) error                               { return ErrNotSupported }
func (l *Link) Interrupt()                                    {}
func (l *Link) Nap(*uint32, uint32, time.Duration, bool) bool { return false }
func (l *Link) WakeNap(*uint32)                               {}
func (l *Link) OnWake(func())                                 {}
func (l *Link) Activate(_, _ uint32)                          {}
func (l *Link) Granted(uint32) uint32                         { return 0 }
func (l *Link) Grant(_, _ uint32)                             {}
func (l *Link) Free(uint32)                                   {}
func (l *Link) IsFree(uint32) bool                            { return false }
func (l *Link) Limits() Limits                                { return Limits{} }
func (l *Link) IsHost() bool                                  { return false }
func (l *Link) PeerID() uint32                                { return 0 }
func (l *Link) Foreign() bool                                 { return false }
func (l *Link) PeerHasTable() bool                            { return false }
func (l *Link) Err() error                                    { return ErrNotSupported }
func (l *Link) Done() <-chan struct{}                         { return ended }
func (l *Link) Leave(context.Context, string) error           { return ErrNotSupported }
