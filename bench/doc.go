// Bench measures calls and streams between two processes, over shared memory with each
// engine and over a Unix socket, beside a bare Unix socket.
//
// The parent builds this program once for each engine. In each round it starts every
// contender as a host process, which starts its own guest process, and measures case by
// case, contenders in turn: on a virtual machine the cost of memory traffic between
// processors moves within minutes, so a ratio is that of two figures of one round.
// The table shows medians over the rounds and the range of what came out. Nothing is
// judged here: there is no limit that a slow machine could break.
package main
