// Package model holds small models of the rules that several threads of two processes
// keep together, and a search that visits every state they can reach.
//
// [Entry] is the end and reuse of a channel entry over successive uses of one id.
// [Wake] is waiting and waking in a memory where stores are late. [Role] is the
// hand-over of the right to receive among the goroutines of one connection, [Queue] the
// queue of those that would take it, [Flush] the sending of queued messages by whoever
// comes along. Each reads like the rule it checks, and each clause of a rule can be broken
// on purpose: the tests show that the rule holds in every reachable state, and that the
// search finds what a broken clause lets happen, or that the rest of the rule makes up for
// it.
//
// The package supports tests; no product code imports it.
package model
