package shmring

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/engine"
)

// TestNapsAreForFewLinks: the others are told to wait for messages instead, which takes
// no thread.
func TestNapsAreForFewLinks(t *testing.T) {
	if !engine.CanSleep() {
		t.Skip("the kernel has no futex_waitv")
	}
	napped := make(chan bool)
	words := make([]uint32, napping.most)
	guests := make([]*Link, len(words))
	for i := range words {
		p := onePair(t, Config{}, pairConfig{})
		guests[i] = p.guest
		go func() { napped <- p.guest.Nap(&words[i], 0, time.Hour, false) }()
	}
	for napping.taken.Load() < napping.most {
		awaitChange(nil)
	}
	one := onePair(t, Config{}, pairConfig{})
	var word uint32
	require.False(t, one.guest.Nap(&word, 0, time.Hour, false), "no seat is left")
	for i := range words {
		guests[i].WakeNap(&words[i])
	}
	for range words {
		require.True(t, <-napped)
	}
	require.True(t, one.guest.Nap(&word, 1, time.Hour, false), "a seat is free, and the word not as seen")
}
