package core

import "container/list"

// maxTombs bounds the channels that are kept only to ignore what still comes for them
// after a Reset of this side, where ids are not bounded.
const maxTombs = 4096

// tombs are those channels, oldest first.
type tombs struct {
	list   list.List
	forgot [2]bool // by parity of the id: some are not known any more
}

// bury keeps a channel that this side reset until the peer's end of it comes, or the
// Response. Past the bound the oldest is forgotten: from then on what comes for an
// ended channel of its parity is dropped, since it may have been that one's.
func (c *Core) bury(ch *Channel) {
	if c.tabled() {
		return
	}
	ch.tomb = c.tombs.list.PushBack(ch)
	if c.tombs.list.Len() > maxTombs {
		oldest := c.tombs.list.Front().Value.(*Channel)
		c.unregister(oldest)
		c.tombs.forgot[oldest.ID&1] = true
	}
}

func (c *Core) exhume(ch *Channel) {
	if ch.tomb != nil {
		c.tombs.list.Remove(ch.tomb)
		ch.tomb = nil
	}
}
