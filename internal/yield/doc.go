// Package yield gives the processor to another thread. A thread that was woken may wait
// for the very processor on which the one that woke it goes on polling: the kernel
// prefers the waker's to one that has to be roused from its idle state first.
package yield
