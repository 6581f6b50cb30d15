// Bench measures calls and streams between two processes, over shared memory with each
// engine and over a Unix socket, beside other ways to do the same and beside what the
// machine itself takes: two C processes that spin, sleep or copy, and a call that
// leaves neither its goroutine nor its process.
//
// The parent builds this program for each engine, and the C programs. In each pass it
// starts every contender as a host process, which starts its own guest process, and
// measures case by case, in short rounds in which contenders take turns: on a virtual
// machine the cost of memory traffic between processors moves within minutes, so a ratio is
// that of two figures of one round, or of one pass where it compares two cases. What no
// ratio is of is measured once a pass, and in a quick run so is a host of many guests. All
// processes of a pass stay until its end, asleep. The tables show medians over the rounds, and
// where the middle half of them lies. Ratios that the project is judged by are shown with their
// goal and floor; a run does not fail by them, since a slow or busy machine could break any
// limit.
//
// The files, from the user to the figures: options; rounds, process and programs (the
// parent); host, control and measure (a host process); guest; a file a contender; case
// and contender (what is measured with what); series, ratio and report (what comes out);
// table, html, section and chart (how it looks).
package main
