// Package bufpool is the memory of large payloads: received into it, they are the
// program's to keep, and come back from those who know that they are done with one, by
// any part of it that reaches to its end.
//
// The memory is not cleared. Whoever takes some writes all of it before any is read.
package bufpool
