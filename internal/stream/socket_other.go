//go:build !unix

package stream

import "io"

// rawSocket does not exist here: one goroutine reads and one writes.
type rawSocket struct{ onReadable func() bool }

func newRawSocket(io.ReadWriteCloser) *rawSocket { return nil }

func (*rawSocket) write([]byte) (int, error) { return 0, nil }
func (*rawSocket) fill(*input) fillResult    { return filledUp }
func (*rawSocket) sleep() error              { return nil }
func (*rawSocket) breakSleep()               {}
func (*rawSocket) mend()                     {}
