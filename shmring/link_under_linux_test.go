package shmring

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestLinkMayEndWhileItGetsItsLock: a guest may leave while its host makes a connection of
// it.
func TestLinkMayEndWhileItGetsItsLock(t *testing.T) {
	for range 50 {
		p := onePair(t, Config{}, pairConfig{})
		var lock sync.Mutex
		var ending sync.WaitGroup
		ending.Go(p.host.retire)
		p.host.SendUnder(&lock)
		send := func() error {
			lock.Lock()
			defer lock.Unlock()
			err := p.host.Stage(&Message{Type: MsgData, ID: 1, Payload: make([]byte, 40)}, nil)
			if err == nil {
				p.host.Commit() // before the end
			}
			return err
		}
		_ = send()
		ending.Wait()
		assert.ErrorIs(t, send(), ErrClosed)
	}
}
