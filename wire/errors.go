package wire

import "fmt"

// Fault says what is wrong with bytes that do not decode.
type Fault uint8

// The faults, and what Value and Bound of a [DecodeError] are for each.
const (
	// FaultTruncated: Value bytes are needed, Bound are left.
	FaultTruncated Fault = iota
	// FaultOverflow: a varint that does not end within its type or is over its
	// largest value; Bound is the type's size in bits.
	FaultOverflow
	// FaultTag: Value is not a tag of this type; Bound is the largest there is.
	FaultTag
	// FaultUTF8: not valid UTF-8; Value is the first bad byte, counted from the
	// first byte of the text, Bound the length of the text.
	FaultUTF8
	// FaultChar: not one character; Value is the length in bytes, Bound the
	// length of the first character.
	FaultChar
	// FaultCount: Value items are announced, at most Bound can be there.
	FaultCount
	// FaultTrailing: Value bytes follow the end of what was decoded.
	FaultTrailing
	// FaultVariant: no variant has index Value.
	FaultVariant
	// FaultValue: the value decodes and is refused, see Err.
	FaultValue
)

// DecodeError is why bytes do not decode (message.decode-error).
type DecodeError struct {
	Offset int    // first byte of what does not decode, from the start of the input
	What   string // what was being decoded, such as "u32" or "string"
	Fault  Fault
	Value  uint64
	Bound  uint64
	Err    error // for FaultValue
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("%s at byte %d: %s", e.What, e.Offset, e.reason())
}

func (e *DecodeError) reason() string {
	switch e.Fault {
	case FaultTruncated:
		return fmt.Sprintf("needs %d bytes, %d left", e.Value, e.Bound)
	case FaultOverflow:
		return fmt.Sprintf("varint over %d bits", e.Bound)
	case FaultTag:
		return fmt.Sprintf("tag %d, want 0 to %d", e.Value, e.Bound)
	case FaultUTF8:
		return fmt.Sprintf("invalid UTF-8 in byte %d of %d", e.Value, e.Bound)
	case FaultChar:
		return fmt.Sprintf("%d bytes, its first character has %d", e.Value, e.Bound)
	case FaultCount:
		return fmt.Sprintf("count %d, at most %d possible", e.Value, e.Bound)
	case FaultTrailing:
		return fmt.Sprintf("%d bytes after the end", e.Value)
	case FaultVariant:
		return fmt.Sprintf("no variant %d", e.Value)
	}
	return fmt.Sprint(e.Err)
}

// Unwrap gives the reason of a refused value.
func (e *DecodeError) Unwrap() error { return e.Err }

// UnknownVariantError is a message of a kind that does not exist
// (message.unknown-variant).
type UnknownVariantError struct {
	Variant uint32 // the index read
}

func (e *UnknownVariantError) Error() string {
	return fmt.Sprintf("message variant %d, want 0 to %d", e.Variant, kindCount-1)
}

// UnknownHelloError is a Hello of a version that this package does not know
// (message.hello.unknown-version).
type UnknownHelloError struct {
	Version uint32 // the index read; 0 is version 1
}

func (e *UnknownHelloError) Error() string {
	return fmt.Sprintf("hello variant %d, want %d (V1)", e.Version, HelloV1)
}
