package roam

import (
	"errors"
	"fmt"
)

// Errors of a call that the other side answered. They are wrapped in a [*CallError]
// that names the method; the connection goes on.
var (
	// ErrUnknownMethod: the other side has no such method.
	ErrUnknownMethod = errors.New("unknown method")
	// ErrInvalidPayload: the other side could not decode the arguments.
	ErrInvalidPayload = errors.New("invalid payload")
	// ErrCancelled: the other side ended the call without a result.
	ErrCancelled = errors.New("cancelled")
	// ErrInvalidResponse: the answer does not decode as the method's result.
	ErrInvalidResponse = errors.New("invalid response")
)

// Errors of channel ends.
var (
	// ErrChannelClosed: the end was closed by this side, or its call is over.
	ErrChannelClosed = errors.New("channel closed")
	// ErrReset: the channel was reset; what was pending is dropped.
	ErrReset = errors.New("channel reset")
	// ErrPassed: the end was passed in a call and belongs to the other side.
	ErrPassed = errors.New("channel end was passed in a call")
	// ErrNilChannel: a channel argument is nil.
	ErrNilChannel = errors.New("channel argument is nil")
	// ErrNotSent: the call that passed the other end was never sent.
	ErrNotSent = errors.New("the call that passes this channel was not sent")
)

// ErrConnection is what every error of an ended connection is, under errors.Is.
var ErrConnection = errors.New("connection ended")

// CallError is an answer that says the call failed.
type CallError struct {
	Method string // "Service.Name"
	Err    error
}

func (e *CallError) Error() string { return e.Method + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *CallError) Unwrap() error { return e.Err }

// RemoteError is a failure of the other side's handler that the method does not
// declare: an error of another type, or a panic.
type RemoteError struct {
	Message string // at most 16384 bytes, cut to what fits one message
}

func (e *RemoteError) Error() string { return "remote error: " + e.Message }

// ConnectionError is why a connection ended. Every call in flight and every open
// channel fails with it; errors.Is(err, ErrConnection) holds.
type ConnectionError struct {
	// Reason is the Goodbye reason, starting with the rule id when a rule was
	// broken; empty when no Goodbye was sent or received.
	Reason string
	// Remote says that the other side gave the reason.
	Remote bool
	// Err is the cause below the protocol, such as a dead peer; may be nil.
	Err error
}

func (e *ConnectionError) Error() string {
	switch {
	case e.Reason != "" && e.Remote:
		return fmt.Sprintf("connection ended by the other side: %s", e.Reason)
	case e.Reason != "":
		return fmt.Sprintf("connection ended: %s", e.Reason)
	case e.Err != nil:
		return fmt.Sprintf("connection ended: %v", e.Err)
	}
	return "connection ended"
}

// Is makes every ConnectionError match ErrConnection.
func (e *ConnectionError) Is(target error) bool { return target == ErrConnection }

// Unwrap gives the cause below the protocol.
func (e *ConnectionError) Unwrap() error { return e.Err }

// SizeError refuses something too large before it is sent.
type SizeError struct {
	What  string // what is too large
	Size  int    // its size, bytes
	Limit int    // the largest size allowed, bytes
	Bound string // which limit it is
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("%s of %d bytes is over %s of %d bytes", e.What, e.Size, e.Bound, e.Limit)
}

// ChannelCountError refuses a call that names more channels than this side can ever
// have ids for at once.
type ChannelCountError struct {
	Count, Limit int
}

func (e *ChannelCountError) Error() string {
	return fmt.Sprintf("the call passes %d channels, this side has %d channel ids", e.Count, e.Limit)
}
