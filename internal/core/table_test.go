package core

// table is the channel table of a segment, for both sides. It knows what a real
// one cannot: that a Free entry is touched.
type table struct {
	entry []entry
	fault func(format string, args ...any)
}

type entry struct {
	active  bool
	granted uint32
	uses    int // how often it was activated
}

func newTable(maxChannels uint32, fault func(string, ...any)) *table {
	return &table{entry: make([]entry, maxChannels), fault: fault}
}

// active lists the entries that are not Free.
func (t *table) active() []int {
	var ids []int
	for id, e := range t.entry {
		if e.active {
			ids = append(ids, id)
		}
	}
	return ids
}

// used is the entry of a channel that is in use.
func (t *table) used(id uint32, what string) *entry {
	e := &t.entry[id]
	if !e.active {
		t.fault("%s of channel entry %d, which is Free", what, id)
	}
	return e
}

// entries is the table as one side sees it.
type entries struct {
	*table
	parity uint32        // of the ids that this side allocates
	head   func() uint32 // of the ring that this side receives by
}

func (s *entries) Activate(id, credit uint32) {
	e := &s.entry[id]
	if e.active {
		s.fault("activate of channel entry %d, which is in use", id)
	}
	e.active, e.granted = true, credit
	e.uses++
}

func (s *entries) Granted(id uint32) uint32 { return s.used(id, "look at the credit").granted }

// Grant of the side that allocated the id may come after the other side's last touch:
// the Close that went before is still on its way to it. Nobody reads it any more.
func (s *entries) Grant(id, n uint32) {
	if id&1 != s.parity {
		s.used(id, "grant")
	}
	s.entry[id].granted += n
}

func (s *entries) Free(id uint32)        { s.used(id, "free").active = false }
func (s *entries) IsFree(id uint32) bool { return !s.entry[id].active }
func (s *entries) RecvHead() uint32      { return s.head() }
