package roam

import "github.com/roam-rpc/roam-go/internal/bufpool"

// Recycle gives the memory of a large []byte that came out of a call's result, a
// request's arguments or a channel back, to be received into again. Without it the
// garbage collector takes that memory, and a program that moves many large values
// makes and drops as many.
//
// It is for who owns b, once, when nobody uses any of it any more: what was sliced off
// it, or holds it still, would see other bytes. That a handler returns b counts as use
// until the answer is out. What is no such memory is left alone: a small value, one that
// came beside others in one message, one that append has moved or filled up, or any
// slice that the program made.
func Recycle(b []byte) { bufpool.Put(b) }
