package driver

import (
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/transport"
)

// outWait is the wait of queued messages for room: while it is armed, lookAround is
// called when there may be some. It changes in one's turn only.
type outWait struct {
	armed  atomic.Bool // read by anyone
	wanted bool        // somebody asked for a flush while another had the turn; guarded by conn.mu
}

// arm asks for room of both kinds; it says whether that is new.
func (o *outWait) arm(tr transport.Transport) bool {
	if o.armed.Load() {
		return false
	}
	o.armed.Store(true)
	tr.Arm(transport.Space, 0)
	tr.Arm(transport.Slot, 0)
	return true
}

func (o *outWait) disarm(tr transport.Transport) {
	if o.armed.Load() {
		o.armed.Store(false)
		tr.Disarm(transport.Space, 0)
		tr.Disarm(transport.Slot, 0)
	}
}
