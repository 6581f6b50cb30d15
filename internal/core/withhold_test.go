package core

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/handshake"
)

// withholding is a channel that this side receives on, with what was granted on it.
type withholding struct {
	*fixture
	told uint32 // by messages
}

// granted is what was granted beyond the first window.
func (w *withholding) granted() uint32 {
	if w.table != nil {
		return w.table.entry[w.rx.ID].granted - testWindow
	}
	for _, m := range w.published() {
		w.told += m.Credit
	}
	return w.told
}

func eachWithholding(t *testing.T, largest uint32, test func(t *testing.T, f *withholding)) {
	for name, p := range map[string]*peer{
		"messages": streams(t, handshake.Acceptor), "table": shared(t, handshake.Acceptor, 8),
	} {
		t.Run(name, func(t *testing.T) {
			p.core.cfg.Withhold = true
			p.core.cfg.Limits.MaxPayload = largest
			test(t, &withholding{fixture: openChannels(p)})
		})
	}
}

func TestCreditWaitsWhileTheLargestItemHasSome(t *testing.T) {
	for largest, steps := range map[uint32][]uint32{
		10:  {0, 0, 0, 0, 50, 50},
		60:  {0, 0, 0, 0, 50, 50},
		61:  {0, 0, 0, 40, 40, 40},
		90:  {0, 20, 20, 40, 40, 60},
		100: {10, 20, 30, 40, 50, 60},
	} {
		eachWithholding(t, largest, func(t *testing.T, f *withholding) {
			for i, want := range steps {
				f.send(data(4, make([]byte, 10)))
				f.take(f.rx)
				require.Equal(t, want, f.granted(), "largest item %d, after item %d", largest, i+1)
			}
			f.core.GrantWithheld()
			assert.EqualValues(t, 60, f.granted())
			assert.False(t, f.core.Withholds())
			f.core.GrantWithheld()
			assert.EqualValues(t, 60, f.granted(), "once")
		})
	}
}

func TestWithheldCreditOfAChannelThatEndsIsForgotten(t *testing.T) {
	ends := map[string]func(f *withholding){
		"by the peer":       func(f *withholding) { f.send(closeOf(4)) },
		"by this side":      func(f *withholding) { f.core.Reset(f.rx) },
		"by the connection": func(f *withholding) { f.core.Fail(errReset) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			eachWithholding(t, 10, func(t *testing.T, f *withholding) {
				f.send(data(4, make([]byte, 10)))
				f.take(f.rx)
				require.True(t, f.core.Withholds())
				end(f)
				before := f.core.Counts().Outbox
				f.core.GrantWithheld()
				assert.Equal(t, before, f.core.Counts().Outbox)
				if f.table != nil {
					assert.EqualValues(t, testWindow, f.table.entry[f.rx.ID].granted)
				}
			})
		})
	}
}
