package shmring

import (
	"fmt"
	"log/slog"
	"time"
)

// What a zero field of a [Config] stands for.
const (
	DefaultMaxGuests     = 16
	DefaultRingSize      = 256    // descriptors
	DefaultSlotSize      = 65536  // bytes
	DefaultSlotsPerGuest = 16     // slots
	DefaultInitialCredit = 262144 // bytes
	DefaultMaxChannels   = 256    // table entries
	DefaultAttachTimeout = 10 * time.Second
)

// Config says what segment a host creates and how it treats its guests. The zero
// value is a sealed memfd with the defaults; a zero field takes its default.
type Config struct {
	// Path is the file that guests attach by. Empty means an anonymous file (memfd)
	// sealed against shrinking, growing and further seals, which only guests that the
	// host spawns or that join by socket reach. A file with a name can be shrunk by
	// whoever may write it, which kills host and guests with SIGBUS: use one only in
	// a directory, and with users, that you trust. It is created with mode 0600.
	Path string

	// MaxGuests is how many guests may be attached at once, 1 to 255.
	MaxGuests uint32
	// RingSize is the descriptors of each ring, a power of two, at least 2. One place
	// stays empty.
	RingSize uint32
	// SlotSize is the bytes of a slot, its generation word of 4 bytes included; a
	// multiple of 8, at least 8.
	SlotSize uint32
	// SlotsPerGuest is the slots of each pool, at least 1; the host's has as many.
	SlotsPerGuest uint32
	// MaxPayload is the largest payload of one message in bytes, at most SlotSize-4,
	// which is also the default.
	MaxPayload uint32
	// InitialCredit is the bytes of Data that a new channel may carry before the
	// receiver grants more, at most 2^31-1.
	InitialCredit uint32
	// MaxChannels is the entries of each channel table, at least 1; the usable channel
	// ids are 1 to MaxChannels-1, half of them for either side.
	MaxChannels uint32
	// HeartbeatInterval is how often guests write their heartbeat; a guest whose beat
	// is older than two intervals is taken for dead. 0 means no heartbeat: death is
	// then learned from the doorbell, the child's end or the lock.
	HeartbeatInterval time.Duration

	// AttachTimeout bounds how long a spawned or joined guest may stay silent before
	// its entry is taken back. Default 10 seconds.
	AttachTimeout time.Duration
	// OnDeath is called once for each guest that has ended, whatever the cause (an
	// orderly leave is [ErrPeerLeft]), after its entry is free again or, when
	// something still holds on to the guest's end, a bounded time after its calls
	// have failed. It runs on the guest's own goroutine: it may block and may spawn
	// another guest, but must not wait for [Host.Close].
	OnDeath func(peer uint32, cause error)
	// Authorize decides whether a process that connects to the socket of
	// [Host.Listen] may join; an error refuses it. Nil admits processes of the host's
	// own effective user only. Joins, and Close, wait while it runs.
	Authorize func(Credentials) error
	// Logger receives what no caller learns of: refused joins, guests taken back.
	// Nil means slog.Default().
	Logger *slog.Logger
}

// Credentials is what the kernel says about a process that wants to join.
type Credentials struct {
	Pid int
	Uid uint32
	Gid uint32
	// PidFD refers to the process itself, free of pid reuse, where the kernel offers
	// SO_PEERPIDFD, else -1. It is the host's and is closed after Authorize returns.
	PidFD int
}

// BoundError is a value outside its bounds, in a [Config], in the header of a mapped
// segment, or among the arguments a guest was started with.
type BoundError struct {
	Of    string // "config", "segment header", "argument" ...
	Field string // as the segment layout or the command line names it
	Value any
	Bound string // what holds, as in "must be 1 to 255"
}

func (e *BoundError) Error() string {
	return fmt.Sprintf("%s: %s is %v, %s", e.Of, e.Field, e.Value, e.Bound)
}

// withDefaults fills the zero fields.
func (c Config) withDefaults() Config {
	orDefault(&c.MaxGuests, DefaultMaxGuests)
	orDefault(&c.RingSize, DefaultRingSize)
	orDefault(&c.SlotSize, DefaultSlotSize)
	orDefault(&c.SlotsPerGuest, DefaultSlotsPerGuest)
	orDefault(&c.InitialCredit, DefaultInitialCredit)
	orDefault(&c.MaxChannels, DefaultMaxChannels)
	if c.SlotSize > generationBytes {
		orDefault(&c.MaxPayload, c.SlotSize-generationBytes)
	}
	if c.AttachTimeout == 0 {
		c.AttachTimeout = DefaultAttachTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

func orDefault(field *uint32, value uint32) {
	if *field == 0 {
		*field = value
	}
}

// layout checks the configuration, defaults filled in, and works out where
// everything lies.
func (c Config) layout() (segmentLayout, error) {
	switch {
	case c.HeartbeatInterval < 0:
		return segmentLayout{}, &BoundError{"config", "heartbeat_interval", c.HeartbeatInterval, "must be 0 (off) or more"}
	case c.AttachTimeout < 0:
		return segmentLayout{}, &BoundError{"config", "attach_timeout", c.AttachTimeout, "must be 0 (the default) or more"}
	}
	return computeLayout("config", segmentLayout{
		MaxPayload:        c.MaxPayload,
		InitialCredit:     c.InitialCredit,
		MaxGuests:         c.MaxGuests,
		RingSize:          c.RingSize,
		SlotSize:          c.SlotSize,
		SlotsPerGuest:     c.SlotsPerGuest,
		MaxChannels:       c.MaxChannels,
		HeartbeatInterval: c.HeartbeatInterval,
	})
}
