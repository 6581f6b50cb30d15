// Package processor is what a thread can do about the processor that it runs on, where it
// shares that with a thread that it waits for.
//
// Linux wakes a thread on the processor that it ran on last, or on its waker's. Where the
// processors that share a cache were busy lately, it does not look among them for one that
// is idle. Two threads that both poll, and wake each other, keep two processors busy; once
// they have met on one of them, they stay there, each polling while the other waits for the
// processor, until the kernel balances its load: for tens of milliseconds.
package processor
