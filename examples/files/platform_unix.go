//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// openFlags: a symbolic link is an error, and a pipe does not block the open.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// ownGroup keeps signals that are sent to our whole group, such as Ctrl-C's, from the
// process: the host ends its guests in order.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
