package flow_test

// entries is a channel table and the incoming ring's head, in memory.
type entries struct {
	granted map[uint32]uint32
	active  map[uint32]bool
	head    uint32
}

func newEntries() *entries {
	return &entries{granted: map[uint32]uint32{}, active: map[uint32]bool{}}
}

func (e *entries) Activate(id, credit uint32) { e.granted[id], e.active[id] = credit, true }
func (e *entries) Granted(id uint32) uint32   { return e.granted[id] }
func (e *entries) Grant(id, n uint32)         { e.granted[id] += n }
func (e *entries) Free(id uint32)             { e.active[id] = false }
func (e *entries) IsFree(id uint32) bool      { return !e.active[id] }
func (e *entries) RecvHead() uint32           { return e.head }
