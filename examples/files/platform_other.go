//go:build !unix

package main

import "os/exec"

// openFlags: such systems have none of the flags that the others open with.
const openFlags = 0

// ownGroup does nothing: there are no process groups.
func ownGroup(*exec.Cmd) {}
