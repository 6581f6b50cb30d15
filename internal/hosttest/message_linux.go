package hosttest

import (
	"fmt"

	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/wire"
)

// Message is one message. Of a Request or Response the metadata list stands in front of
// the payload when it is sent, unless Bare.
type Message struct {
	Type     uint8
	ID       uint32
	Method   uint64
	Metadata wire.Metadata
	Payload  []byte
	Bare     bool
}

var typeNames = [...]string{layout.MsgRequest: "Request", layout.MsgResponse: "Response", layout.MsgCancel: "Cancel",
	layout.MsgData: "Data", layout.MsgClose: "Close", layout.MsgReset: "Reset", layout.MsgGoodbye: "Goodbye"}

func (m Message) String() string {
	name := fmt.Sprintf("message of type %d", m.Type)
	if int(m.Type) < len(typeNames) && m.Type > 0 {
		name = typeNames[m.Type]
	}
	return fmt.Sprintf("%s %d %.60q", name, m.ID, m.Payload)
}

func (m *Message) hasMetadata() bool {
	return m.Type == layout.MsgRequest || m.Type == layout.MsgResponse
}

// whole is the payload as the descriptor counts it.
func (m *Message) whole() []byte {
	if !m.hasMetadata() || m.Bare {
		return m.Payload
	}
	var list []byte
	if len(m.Metadata) > 0 {
		list = wire.AppendMetadata(nil, m.Metadata)
	}
	return append(wire.AppendMetadataPrefix(nil, list), m.Payload...)
}

// Request is a Request with arguments that are encoded already.
func Request(id uint32, method uint64, arguments ...[]byte) Message {
	return Message{Type: layout.MsgRequest, ID: id, Method: method, Payload: joined(arguments)}
}

// Result is a Response of success.
func Result(id uint32, value ...[]byte) Message {
	return Message{Type: layout.MsgResponse, ID: id, Payload: append([]byte{0}, joined(value)...)}
}

// The errors of a Response, by their index.
const (
	UnknownMethod  = 1
	InvalidPayload = 2
	Cancelled      = 3
)

// Failure is a Response with an error that no method declares.
func Failure(id uint32, index byte) Message {
	return Message{Type: layout.MsgResponse, ID: id, Payload: []byte{1, index}}
}

// Data is an item that is encoded already.
func Data(channel uint32, item ...[]byte) Message {
	return Message{Type: layout.MsgData, ID: channel, Payload: joined(item)}
}

// Close ends a channel in order.
func Close(channel uint32) Message { return Message{Type: layout.MsgClose, ID: channel} }

// Reset ends a channel at once.
func Reset(channel uint32) Message { return Message{Type: layout.MsgReset, ID: channel} }

// Cancel gives a call up.
func Cancel(id uint32) Message { return Message{Type: layout.MsgCancel, ID: id} }

// Goodbye ends the connection.
func Goodbye(reason string) Message {
	return Message{Type: layout.MsgGoodbye, Payload: []byte(reason)}
}

// The encodings of values, one after another for several.

// Text is a string, or a list of bytes.
func Text(s string) []byte { return wire.AppendString(nil, s) }

// Uint is an unsigned integer.
func Uint(n uint64) []byte { return wire.AppendU64(nil, n) }

// Int is a signed integer.
func Int(n int64) []byte { return wire.AppendI64(nil, n) }

func joined(parts [][]byte) (all []byte) {
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}
