package main

// contender is one way to move calls between two processes.
type contender struct {
	name      string
	cgo       bool // runs the program that was built with cgo
	transport string
}

// Transports, as a host process is told.
const (
	sharedMemory = "shm"
	unixSocket   = "unix"
	bareSocket   = "bare"
)

var (
	roamCgo  = contender{name: "roam cgo", cgo: true, transport: sharedMemory}
	roamGo   = contender{name: "roam pure Go", transport: sharedMemory}
	roamUnix = contender{name: "roam Unix socket", transport: unixSocket}
	bareUnix = contender{name: "bare Unix socket", transport: bareSocket}
)

var contenders = []contender{roamCgo, roamGo, roamUnix, bareUnix}
