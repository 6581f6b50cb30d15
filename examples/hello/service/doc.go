// Package service is the service of the examples, written by hand in the shape of
// generated code: [Greeter], what both sides agree on; [GreeterClient], which calls it;
// [NewGreeterDispatcher], which serves it. [English] is an implementation, which is what
// a user writes.
package service
