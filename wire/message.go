package wire

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Kind is the kind of a message, exactly its variant index on the wire.
type Kind uint8

// The kinds of messages, in wire order.
const (
	KindHello Kind = iota
	KindGoodbye
	KindRequest
	KindResponse
	KindCancel
	KindData
	KindClose
	KindReset
	KindCredit

	kindCount = iota
)

var kindNames = [kindCount]string{
	"Hello", "Goodbye", "Request", "Response", "Cancel", "Data", "Close", "Reset", "Credit",
}

// String is the kind's name in the protocol.
func (k Kind) String() string {
	if k < kindCount {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// HelloV1 is the version of the only Hello there is: its variant index.
const HelloV1 = 0

// Hello is what a peer offers at the start of a connection over a byte stream.
type Hello struct {
	Version       uint32 // variant index, always HelloV1
	MaxPayload    uint32 // largest payload this peer receives, bytes
	InitialCredit uint32 // credit of each channel at its start, bytes
}

// Message is one message, a union: which fields count depends on Kind.
type Message struct {
	Kind     Kind
	ID       uint64 // request id (Request, Response, Cancel) or channel id (Data, Close, Reset, Credit)
	Method   uint64 // Request: method id
	Metadata []byte // Request, Response: the encoded list; nil, empty or {0} is none
	Payload  []byte // Request, Response, Data: payload; Goodbye: the reason, UTF-8
	Tail     []byte // Request, Response, Data that is sent: the rest of the payload
	Credit   uint32 // Credit: bytes granted
	Hello    Hello  // Hello
	// Owned says of a message that was received that nobody else uses the memory of
	// Metadata and Payload, which may be kept. It is not sent.
	Owned bool
}

// maxHead bounds what appendHead appends: kind, two varints of 64 bits.
const maxHead = 1 + 10 + 10

// AppendMessage appends m whole, without a frame. Metadata goes out as it is; only
// the metadata and payload fields that its kind has are looked at. It panics when
// there is no such kind.
func AppendMessage(b []byte, m *Message) []byte {
	b = appendHead(b, m)
	b = append(b, m.metadataField()...)
	if !m.hasPayload() {
		return b
	}
	payload := m.payloadField()
	b = AppendLen(b, len(payload)+len(m.Tail))
	return append(append(b, payload...), m.Tail...)
}

// PayloadSize is the bytes of payload and tail together.
func (m *Message) PayloadSize() int { return len(m.Payload) + len(m.Tail) }

// AppendMessageFrame appends the frame of m, as [AppendFrame] does for the bytes of
// [AppendMessage], without joining them first.
func AppendMessageFrame(dst []byte, m *Message) []byte {
	var headBuf [maxHead]byte
	head := appendHead(headBuf[:0], m)
	if !m.hasPayload() {
		return AppendFrameParts(dst, head, m.metadataField())
	}
	payload := m.payloadField()
	var lenBuf [10]byte
	return AppendFrameParts(dst, head, m.metadataField(), AppendLen(lenBuf[:0], len(payload)+len(m.Tail)), payload, m.Tail)
}

// appendHead appends all that stands before metadata and payload.
func appendHead(b []byte, m *Message) []byte {
	b = append(b, byte(m.Kind))
	switch m.Kind {
	case KindHello:
		b = AppendU32(AppendVariant(b, m.Hello.Version), m.Hello.MaxPayload)
		return AppendU32(b, m.Hello.InitialCredit)
	case KindGoodbye:
		return b
	case KindRequest:
		return AppendU64(AppendU64(b, m.ID), m.Method)
	case KindResponse, KindCancel, KindData, KindClose, KindReset:
		return AppendU64(b, m.ID)
	case KindCredit:
		return AppendU32(AppendU64(b, m.ID), m.Credit)
	}
	panic(fmt.Sprintf("wire: encode message: no kind %d", uint8(m.Kind)))
}

var noMetadata = []byte{0}

func (m *Message) metadataField() []byte {
	switch {
	case m.Kind != KindRequest && m.Kind != KindResponse:
		return nil
	case len(m.Metadata) == 0:
		return noMetadata
	}
	return m.Metadata
}

func (m *Message) hasPayload() bool {
	switch m.Kind {
	case KindGoodbye, KindRequest, KindResponse, KindData:
		return true
	}
	return false
}

// payloadField is the payload as it goes out: a reason is a string, so it must be
// valid UTF-8, as in [AppendString].
func (m *Message) payloadField() []byte {
	if m.Kind == KindGoodbye && !utf8.Valid(m.Payload) {
		return bytes.ToValidUTF8(m.Payload, []byte("\uFFFD"))
	}
	return m.Payload
}

// DecodeMessage decodes a whole message; bytes that follow it are a fault. Metadata
// and Payload of the result alias b. Metadata is checked for its shape, not for its
// limits, see [CheckMetadata].
//
// Errors: *UnknownVariantError, *UnknownHelloError, else *DecodeError.
func DecodeMessage(b []byte) (Message, error) {
	d := NewDecoder(b)
	variant := uint32(d.uvarint("message variant", 32))
	if d.err == nil && variant >= kindCount {
		return Message{}, &UnknownVariantError{Variant: variant}
	}
	m := Message{Kind: Kind(variant)}
	switch m.Kind {
	case KindHello:
		m.Hello.Version = uint32(d.uvarint("hello version", 32))
		if d.err == nil && m.Hello.Version != HelloV1 {
			return Message{}, &UnknownHelloError{Version: m.Hello.Version}
		}
		m.Hello.MaxPayload = uint32(d.uvarint("hello max payload", 32))
		m.Hello.InitialCredit = uint32(d.uvarint("hello initial credit", 32))
	case KindGoodbye:
		m.Payload = d.text("goodbye reason")
	case KindRequest:
		m.ID = d.uvarint("request id", 64)
		m.Method = d.uvarint("method id", 64)
		m.Metadata = d.metadataView()
		m.Payload = d.view("payload")
	case KindResponse:
		m.ID = d.uvarint("request id", 64)
		m.Metadata = d.metadataView()
		m.Payload = d.view("payload")
	case KindCancel:
		m.ID = d.uvarint("request id", 64)
	case KindData:
		m.ID = d.uvarint("channel id", 64)
		m.Payload = d.view("payload")
	case KindClose, KindReset:
		m.ID = d.uvarint("channel id", 64)
	case KindCredit:
		m.ID = d.uvarint("channel id", 64)
		m.Credit = uint32(d.uvarint("credit", 32))
	}
	if err := d.Finish(); err != nil {
		return Message{}, err
	}
	return m, nil
}
