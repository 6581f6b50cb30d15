//go:build !linux

package yield

import "runtime"

// Processor lets another goroutine run first; this system has no way that is cheap
// enough to let another thread.
func Processor() { runtime.Gosched() }
