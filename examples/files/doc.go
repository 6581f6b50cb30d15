// Files is roam at work: a host process streams every file of a folder to guest
// processes, which digest and compress it, and shows what came back.
//
// The host starts its guests, the same program again or the one in C that lies in the
// folder c, and attaches them to one shared-memory segment. Several files at a time go to each guest; the chunks of a file go
// into two calls at once, Files.digest and Files.compress, and the gzip stream comes
// back over a channel of the second. When a guest dies its files go to the others.
// Then the same runs once more with guests in Go over Unix sockets, with the same
// service, client and code, to compare.
//
// Start reading at [Files], the service, then streamFile, which makes the two calls,
// and startShared and startUnix, which make the connections.
package main
