package wire

import "fmt"

// ValueKind is the kind of a metadata value, exactly its variant index on the wire.
type ValueKind uint8

// The kinds of metadata values, in wire order.
const (
	ValueString ValueKind = iota
	ValueBytes
	ValueU64

	valueKindCount = iota
)

// String is the kind's name in the protocol.
func (k ValueKind) String() string {
	switch k {
	case ValueString:
		return "String"
	case ValueBytes:
		return "Bytes"
	case ValueU64:
		return "U64"
	}
	return fmt.Sprintf("ValueKind(%d)", uint8(k))
}

// Value is a metadata value: a text, bytes, or a number. It does not change, and two
// of them can be compared with ==. The zero Value is the empty text.
type Value struct {
	kind   ValueKind
	octets string // the text or the bytes
	number uint64
}

// StringValue makes a text value.
func StringValue(text string) Value { return Value{kind: ValueString, octets: text} }

// BytesValue makes a value of a copy of b.
func BytesValue(b []byte) Value { return Value{kind: ValueBytes, octets: string(b)} }

// U64Value makes a number value.
func U64Value(n uint64) Value { return Value{kind: ValueU64, number: n} }

// Kind says which of Text, Bytes and U64 applies.
func (v Value) Kind() ValueKind { return v.kind }

// Text is the text of a String value; ok is false for another kind.
func (v Value) Text() (text string, ok bool) {
	if v.kind != ValueString {
		return "", false
	}
	return v.octets, true
}

// Bytes is a copy of the bytes of a Bytes value; ok is false for another kind.
func (v Value) Bytes() (b []byte, ok bool) {
	if v.kind != ValueBytes {
		return nil, false
	}
	return []byte(v.octets), true
}

// U64 is the number of a U64 value; ok is false for another kind.
func (v Value) U64() (n uint64, ok bool) { return v.number, v.kind == ValueU64 }

// String shows the value, whatever its kind.
func (v Value) String() string {
	switch v.kind {
	case ValueBytes:
		return fmt.Sprintf("%x", v.octets)
	case ValueU64:
		return fmt.Sprint(v.number)
	}
	return fmt.Sprintf("%q", v.octets)
}

// Entry is one key with its value.
type Entry struct {
	Key   string
	Value Value
}

// Metadata is a list of entries beside a Request or Response. Order and duplicates
// are kept.
type Metadata []Entry

// Get gives the first value of key.
func (m Metadata) Get(key string) (Value, bool) {
	for _, e := range m {
		if e.Key == key {
			return e.Value, true
		}
	}
	return Value{}, false
}

// minEntrySize is an empty key, a variant index and the shortest value.
const minEntrySize = 3

// AppendMetadata appends the list. Limits are not looked at, see [CheckMetadata].
func AppendMetadata(b []byte, m Metadata) []byte {
	b = AppendLen(b, len(m))
	for _, e := range m {
		b = AppendVariant(AppendString(b, e.Key), uint32(e.Value.kind))
		switch e.Value.kind {
		case ValueString:
			b = AppendString(b, e.Value.octets)
		case ValueBytes:
			b = append(AppendLen(b, len(e.Value.octets)), e.Value.octets...)
		case ValueU64:
			b = AppendU64(b, e.Value.number)
		}
	}
	return b
}

// DecodeMetadata decodes an encoded list, as Message.Metadata holds it, and copies
// what it keeps. No bytes at all, like an empty list, are no metadata: nil. Errors:
// *DecodeError; limits are not looked at, see [CheckMetadata].
func DecodeMetadata(b []byte) (Metadata, error) {
	if len(b) == 0 {
		return nil, nil
	}
	d := NewDecoder(b)
	var m Metadata
	if n := d.metadataCount(); n > 0 {
		m = make(Metadata, n)
	}
	for i := range m {
		e := d.entry()
		m[i] = Entry{Key: string(e.key), Value: Value{kind: e.kind, octets: string(e.octets), number: e.number}}
		if d.err != nil {
			break
		}
	}
	if err := d.Finish(); err != nil {
		return nil, err
	}
	return m, nil
}

// FindU64 looks up the number under key in an encoded list without decoding the
// rest: what DecodeMetadata, Get and U64 would give. ok is false when the key is
// missing, its first value is of another kind, or raw does not decode so far. It
// allocates nothing.
func FindU64(raw []byte, key string) (n uint64, ok bool) {
	e, ok := find(raw, key, ValueU64)
	return e.number, ok
}

// FindString is like FindU64 for a text, which it copies: the one allocation.
func FindString(raw []byte, key string) (text string, ok bool) {
	e, ok := find(raw, key, ValueString)
	return string(e.octets), ok
}

func find(raw []byte, key string, kind ValueKind) (rawEntry, bool) {
	if len(raw) == 0 {
		return rawEntry{}, false
	}
	d := NewDecoder(raw)
	for n := d.metadataCount(); n > 0; n-- {
		e := d.entry()
		if d.err != nil {
			break
		}
		if string(e.key) != key {
			continue
		}
		if e.kind != kind {
			break
		}
		return e, true
	}
	return rawEntry{}, false
}

// rawEntry is an entry that aliases the input.
type rawEntry struct {
	key    []byte
	kind   ValueKind
	octets []byte // of a text or bytes
	number uint64
}

func (d *Decoder) metadataCount() int { return d.Len(minEntrySize) }

func (d *Decoder) entry() (e rawEntry) {
	e.key = d.text("metadata key")
	start := d.off
	kind := d.uvarint("metadata value kind", 32)
	if kind >= valueKindCount {
		d.fail(start, "metadata value", FaultVariant, kind, 0)
		return rawEntry{}
	}
	e.kind = ValueKind(kind)
	switch e.kind {
	case ValueString:
		e.octets = d.text("metadata text")
	case ValueBytes:
		e.octets = d.view("metadata bytes")
	case ValueU64:
		e.number = d.uvarint("metadata number", 64)
	}
	return e
}
