//go:build !gc || go1.27

package sched

import "runtime"

// Yield lets other goroutines run first.
func Yield() { runtime.Gosched() }
