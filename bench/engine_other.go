//go:build !linux

package main

// engineName says that there is no shared memory here.
const engineName = "none"
