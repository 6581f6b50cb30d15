// Package sched lets other goroutines run in a way that wakes no thread.
package sched
