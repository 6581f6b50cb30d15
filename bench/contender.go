package main

// contender is one way to move calls between two processes.
type contender struct {
	name      string
	program   program
	transport string
	takes     func(benchCase) bool // the cases that it is measured in
}

// Transports, as a host process is told.
const (
	sharedMemory = "shm"
	withGuestInC = "shm, C guest" // shared memory with a guest that libroam serves
	crowdMemory  = "crowd"        // shared memory with many guests
	unixSocket   = "unix"
	bareSocket   = "bare"
	netRPC       = "net-rpc"
	containerd   = "ttrpc"
	storj        = "drpc"
	googleRPC    = "grpc"
	hashicorp    = "go-plugin"
	noTransport  = "loopback"
)

// Modes of the C programs.
const (
	floorSpin  = "spin"
	floorFutex = "futex"
)

var (
	spinFloor  = contender{"C spin floor", floorProgram, floorSpin, isOnly(smallCall, halfLoad)}
	futexFloor = contender{"C futex floor", floorProgram, floorFutex, isOnly(every200us, every10ms)}
	copyFloor  = contender{"C memcpy floor", floorProgram, floorSpin, isOnly(largeCall, upLarge, downLarge)}
	loopback   = contender{"loopback", pureProgram, noTransport, isOnly(smallCall, addCall)}

	roamCgo  = contender{"roam cgo", cgoProgram, sharedMemory, anyCase}
	roamGo   = contender{"roam pure Go", pureProgram, sharedMemory, func(c benchCase) bool { return c != guestsOnAll }}
	roamC    = contender{"roam cgo, C guest", cgoProgram, withGuestInC, func(c benchCase) bool { return c.where != crowded }}
	pathInC  = contender{"roam, C alone", pathProgram, floorSpin, isOnly(smallCall, halfLoad)}
	roamUnix = contender{"roam Unix socket", pureProgram, unixSocket, onePair}

	bareUnix = contender{"bare Unix socket", pureProgram, bareSocket,
		func(c benchCase) bool { return isCall(c) || c.isStream() || c == onOneCPU }}
	netRPCUnix = contender{"net/rpc", pureProgram, netRPC, isCall}
	ttrpcUnix  = contender{"ttrpc", pureProgram, containerd, isCall}
	drpcUnix   = contender{"drpc", pureProgram, storj, isCall}
	grpcUnix   = contender{"gRPC", pureProgram, googleRPC, func(c benchCase) bool { return isCall(c) || c.isStream() }}
	goPlugin   = contender{"go-plugin", pureProgram, hashicorp, isCall}
)

// contenders are in the order of the report.
var contenders = []contender{
	spinFloor, futexFloor, copyFloor, loopback,
	pathInC, roamCgo, roamC, roamGo, roamUnix,
	bareUnix, netRPCUnix, ttrpcUnix, drpcUnix, grpcUnix, goPlugin,
}

func anyCase(benchCase) bool { return true }

// isCall says that every contender that calls does the case.
func isCall(c benchCase) bool { return c.method == callBytes && onePair(c) }

// onePair says that the case is for two processes on a machine with more than one CPU.
func onePair(c benchCase) bool { return c.where == anywhere || c.where == ownCPUs }

func isOnly(cases ...benchCase) func(benchCase) bool {
	return func(c benchCase) bool {
		for _, one := range cases {
			if c == one {
				return true
			}
		}
		return false
	}
}
