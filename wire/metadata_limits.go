package wire

import "fmt"

// Limits of metadata (unary.metadata.limits).
const (
	MaxMetadataEntries = 128   // entries
	MaxMetadataKey     = 256   // bytes of one key
	MaxMetadataValue   = 16384 // bytes of one text or bytes value
	MaxMetadataTotal   = 65536 // bytes of all keys and values; a number counts as 8
)

// numberSize is what a number counts: its size, not that of its encoding.
const numberSize = 8

// MetadataLimitError is metadata over one of its limits (unary.metadata.limits).
type MetadataLimitError struct {
	What  string // "entries", "key", "value" or "total"
	Entry int    // for a key or value: index of the entry
	Size  int    // what there is: entries, else bytes
	Limit int    // what is allowed, in the same unit
}

func (e *MetadataLimitError) Error() string {
	switch e.What {
	case "entries":
		return fmt.Sprintf("metadata has %d entries, limit %d", e.Size, e.Limit)
	case "total":
		return fmt.Sprintf("metadata has %d bytes of keys and values, limit %d", e.Size, e.Limit)
	}
	return fmt.Sprintf("metadata %s of entry %d has %d bytes, limit %d", e.What, e.Entry, e.Size, e.Limit)
}

// CheckMetadata walks an encoded list, as Message.Metadata holds it, and checks its
// shape and its limits; both sides do, before sending and on receipt. It allocates
// nothing but an error. No bytes at all are no metadata. Errors: *DecodeError when the
// list does not decode, else *MetadataLimitError for the first limit exceeded.
func CheckMetadata(b []byte) error {
	if len(b) == 0 || len(b) == 1 && b[0] == 0 {
		return nil
	}
	d := NewDecoder(b)
	over := d.skipMetadata()
	if err := d.Finish(); err != nil {
		return err
	}
	if over == (MetadataLimitError{}) {
		return nil
	}
	limit := over // only an error moves to the heap
	return &limit
}

// metadataView skips a list and gives its bytes, which alias the input.
func (d *Decoder) metadataView() []byte {
	start := d.off
	d.skipMetadata()
	if d.err != nil {
		return nil
	}
	return d.buf[start:d.off:d.off]
}

// skipMetadata walks a list and gives the first limit that it exceeds, the zero
// value when there is none.
func (d *Decoder) skipMetadata() (over MetadataLimitError) {
	n := d.metadataCount()
	note := func(what string, entry, size, limit int) {
		if size > limit && over.What == "" {
			over = MetadataLimitError{What: what, Entry: entry, Size: size, Limit: limit}
		}
	}
	note("entries", 0, n, MaxMetadataEntries)
	total := 0
	for i := 0; i < n && d.err == nil; i++ {
		e := d.entry()
		size := len(e.octets)
		if e.kind == ValueU64 {
			size = numberSize
		}
		note("key", i, len(e.key), MaxMetadataKey)
		note("value", i, size, MaxMetadataValue)
		total += len(e.key) + size
	}
	note("total", 0, total, MaxMetadataTotal)
	return over
}
