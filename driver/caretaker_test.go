package driver

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/roam-rpc/roam-go/internal/transporttest"
)

// TestCaretakerLooksRarelyWhereItIsNotAskedFor: the more often it found that calls follow
// each other, the longer it waits, until somebody asks for it.
func TestCaretakerLooksRarelyWhereItIsNotAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where no timer goes off before the test sleeps
		end, _ := transporttest.New(4)
		handle, _ := pipeConn(end, Initiator) // which does not run
		c := handle.c
		defer func() { c.care.timer.Stop() }()
		looks := func() time.Duration {
			c.role.idle.Store(false) // somebody received since the last look
			c.look()
			return c.care.next
		}
		c.tendRarely()
		for want := firstTending; want < rareTending; {
			assert.Equal(t, want, c.care.next)
			want = min(2*want, rareTending)
			assert.Equal(t, want, looks())
		}
		assert.Equal(t, rareTending, looks())

		c.tend()
		assert.Equal(t, mostTending, c.care.next)
		c.tend()
		assert.Equal(t, mostTending, looks(), "asked for since the last look")
		assert.Equal(t, 2*mostTending, looks(), "not any more")
		assert.Equal(t, rareTending, looks())

		d := &duty{away: 7} // a handler runs on the goroutine that has the duty
		c.duty.Store(d)
		for range 3 {
			assert.Equal(t, mostTending, looks())
		}
	})
}
