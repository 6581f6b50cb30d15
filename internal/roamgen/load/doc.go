// Package load reads the services of Go packages: interfaces marked //roam:service, with
// every type that their methods name. It finds all that is wrong with them in one go;
// each [Fault] says where, what, and what to write instead.
package load
