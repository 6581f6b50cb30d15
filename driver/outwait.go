package driver

import (
	"sync"

	"github.com/roam-rpc/roam-go/internal/transport"
)

// outWait is the wait of queued messages for room: while it is armed, lookAround is
// called when there may be some.
type outWait struct {
	mu    sync.Mutex
	armed bool
}

// arm asks for room of both kinds; it says whether that is new.
func (o *outWait) arm(tr transport.Transport) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.armed {
		return false
	}
	o.armed = true
	tr.Arm(transport.Space, 0)
	tr.Arm(transport.Slot, 0)
	return true
}

func (o *outWait) disarm(tr transport.Transport) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.armed {
		o.armed = false
		tr.Disarm(transport.Space, 0)
		tr.Disarm(transport.Slot, 0)
	}
}
