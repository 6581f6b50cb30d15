package shmring

// The channel table of the pair. Ids are at least 1 and below MaxChannels; any other
// is ignored. Every method may be called at once with every other and never blocks;
// on a link that is retired they do nothing.

// Activate opens an entry with credit bytes granted: granted_total first, then state
// Active with release.
func (l *Link) Activate(id, credit uint32) {
	if l.entry(id) {
		l.shm.Activate(id, credit)
		l.exit()
	}
}

// Granted is the bytes granted on a channel so far (acquire); it wraps.
func (l *Link) Granted(id uint32) uint32 {
	if !l.entry(id) {
		return 0
	}
	defer l.exit()
	return l.shm.Granted(id)
}

// Grant adds n bytes (release) and wakes senders that wait for credit on the word; a
// peer that waits on its doorbell is left to [Link.Notify].
func (l *Link) Grant(id, n uint32) {
	if l.entry(id) {
		l.owe(l.shm.Grant(id, n))
		l.exit()
	}
}

// Free makes an entry Free (release): the last touch of a use of it.
func (l *Link) Free(id uint32) {
	if l.entry(id) {
		l.shm.Free(id)
		l.exit()
	}
}

// IsFree reports whether an entry is Free (acquire).
func (l *Link) IsFree(id uint32) bool {
	if !l.entry(id) {
		return false
	}
	defer l.exit()
	return l.shm.IsFree(id)
}

// entry enters for the entry of an id that has one.
func (l *Link) entry(id uint32) bool {
	return id != 0 && id < l.seg.lay.MaxChannels && l.enter()
}
