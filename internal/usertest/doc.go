// Package usertest checks the module from the outside, as a user meets it: another module gets it from a module proxy,
// imports the public packages and builds with each engine and for other systems, from the module cache and again from
// a vendor folder.
//
// It holds tests only. They serve the working tree as a module from a proxy made of files, so that exactly what a
// release would hold is used: nested modules and what only lies beside a Go package stay out. Other modules come from
// the machine's own module cache, and from its proxy where the cache lacks them.
package usertest
