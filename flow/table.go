package flow

import "fmt"

// Entries is the channel table of one peer in the segment, and the position of the
// ring that its messages come by. shmring's Link implements it.
type Entries interface {
	// Activate stores granted_total = credit, then state Active with release.
	Activate(id, credit uint32)
	// Granted loads granted_total with acquire.
	Granted(id uint32) uint32
	// Grant adds n to granted_total with release and wakes a sender that waits.
	Grant(id, n uint32)
	// Free stores state Free with release.
	Free(id uint32)
	// IsFree loads state with acquire.
	IsFree(id uint32) bool
	// RecvHead loads the head of the incoming ring with acquire.
	RecvHead() uint32
}

// Table is the provider of shared memory between two sides that both keep the
// channel table. Its ids are used again by the rule of shm-rules "Reuse": own end
// over, entry Free, then every message up to the ring head read after that processed.
type Table struct {
	entries   Entries
	window    uint32
	parity    uint64
	limit     int
	next      uint64   // lowest id that was never used
	max       uint64   // ids are below it
	free      []uint64 // usable now, oldest first
	retired   []uint64 // own end over, entry not seen Free yet
	drain     []draining
	processed uint32
}

// draining is an id whose entry is Free, until head has been processed.
type draining struct {
	id   uint64
	head uint32
}

// NewTable makes the provider of a side that allocates ids of the given parity
// (1 odd, 0 even) below maxChannels. window is the initial credit, bytes.
func NewTable(e Entries, parity uint64, window, maxChannels uint32) *Table {
	first := 2 - parity
	limit := 0
	if uint64(maxChannels) > first {
		limit = int((uint64(maxChannels) - first + 1) / 2)
	}
	return &Table{entries: e, window: window, parity: parity, limit: limit,
		next: first, max: uint64(maxChannels), processed: e.RecvHead()}
}

// Take allocates ids, those that were used before first.
func (t *Table) Take(ids []uint64) bool {
	if len(t.free) < len(ids) {
		t.reclaim()
	}
	fresh := 0
	if t.next < t.max {
		fresh = int((t.max - t.next + 1) / 2)
	}
	if len(t.free)+fresh < len(ids) {
		return false
	}
	n := copy(ids, t.free)
	t.free = append(t.free[:0], t.free[n:]...)
	for i := n; i < len(ids); i++ {
		ids[i] = t.next
		t.next += 2
	}
	return true
}

// reclaim moves ids on that have come further: entry seen Free, ring drained.
func (t *Table) reclaim() {
	kept := t.retired[:0]
	for _, id := range t.retired {
		if t.entries.IsFree(uint32(id)) {
			t.drain = append(t.drain, draining{id: id, head: t.entries.RecvHead()})
		} else {
			kept = append(kept, id)
		}
	}
	t.retired = kept
	t.drained()
}

// drained frees the ids whose messages have all been processed. Heads were read in
// order, so the oldest comes first.
func (t *Table) drained() {
	n := 0
	for n < len(t.drain) && int32(t.processed-t.drain[n].head) >= 0 {
		t.free = append(t.free, t.drain[n].id)
		n++
	}
	t.drain = append(t.drain[:0], t.drain[n:]...)
}

// Put makes ids usable again that were never opened: nobody has seen them.
func (t *Table) Put(ids []uint64) { t.free = append(t.free, ids...) }

// Limit is the number of ids of this side's parity below max_channels.
func (t *Table) Limit() int { return t.limit }

// Open starts the use of an entry; the caller activates it.
func (t *Table) Open(w *Window, ours bool) {
	w.granted = t.window
	if ours {
		t.entries.Activate(uint32(w.ID), t.window)
	}
}

// Room reads the table; a negative difference is corruption (shm.flow.wrap-rule).
func (t *Table) Room(w *Window) (uint32, error) {
	room := int32(t.entries.Granted(uint32(w.ID)) - w.sent)
	if room < 0 {
		return 0, fmt.Errorf("channel %d: granted total less than sent total by %d bytes", w.ID, -int64(room))
	}
	return uint32(room), nil
}

// Sent counts n bytes sent.
func (t *Table) Sent(w *Window, n uint32) { w.sent += n }

// Received counts n bytes received.
func (t *Table) Received(w *Window, n uint32) error { return w.take(n) }

// Consumed grants in the table; no message is sent.
func (t *Table) Consumed(w *Window, n uint32, empty bool) uint32 {
	if step := w.grantStep(n, empty, t.window); step > 0 {
		w.granted += step
		t.entries.Grant(uint32(w.ID), step)
	}
	return 0
}

// Credit is never accepted over shared memory (shm.handshake).
func (t *Table) Credit(w *Window, _ uint32) error { return errNoCreditMessage(w) }

// Free frees the entry for the side that allocated it.
func (t *Table) Free(w *Window) { t.entries.Free(uint32(w.ID)) }

// Refused frees the entry, which the callee never touched, and retires the id.
func (t *Table) Refused(w *Window) {
	t.entries.Free(uint32(w.ID))
	t.Retire(w)
}

// Retire lets the id be used again once its entry is Free and the ring drained.
func (t *Table) Retire(w *Window) { t.retired = append(t.retired, w.ID) }

// Processed notes how far the incoming ring has been processed. Ids that wait for it
// are looked at each time, before the difference of positions can pass 2^31.
func (t *Table) Processed(seq uint32) {
	t.processed = seq
	if len(t.drain) > 0 {
		t.drained()
	}
}

func errNoCreditMessage(w *Window) error {
	return fmt.Errorf("channel %d: credit message over shared memory", w.ID)
}
