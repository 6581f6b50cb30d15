// Package sched has what goroutines do with the runtime's scheduler that its public calls do
// not offer, or not as cheaply: to let others run without waking a thread, and to sleep until
// one word says otherwise. Releases of Go that it was not tried with have the public calls.
package sched
