package testbed

import roam "github.com/roam-rpc/roam-go"

// Methods of the service. The ids of Echo, Reverse, Sum, Generate and Transform are
// those of the protocol's test vectors; the others belong to this package alone.
var (
	methodEcho      = roam.Method{ID: 0x9aabc4ba61fd5df3, Service: "Testbed", Name: "Echo"}
	methodReverse   = roam.Method{ID: 0xcba154600f640175, Service: "Testbed", Name: "Reverse"}
	methodSum       = roam.Method{ID: 0x855b3a25d97bfefd, Service: "Testbed", Name: "Sum"}
	methodGenerate  = roam.Method{ID: 0x54d2273d8cdb9c38, Service: "Testbed", Name: "Generate"}
	methodTransform = roam.Method{ID: 0x5d9895604eb18b19, Service: "Testbed", Name: "Transform"}

	methodAdd     = roam.Method{ID: 0x7465737462656401, Service: "Testbed", Name: "Add"}
	methodBytes   = roam.Method{ID: 0x7465737462656402, Service: "Testbed", Name: "Bytes"}
	methodCheck   = roam.Method{ID: 0x7465737462656403, Service: "Testbed", Name: "Check", Fallible: true}
	methodFail    = roam.Method{ID: 0x7465737462656404, Service: "Testbed", Name: "Fail"}
	methodPanic   = roam.Method{ID: 0x7465737462656405, Service: "Testbed", Name: "Panic"}
	methodBlock   = roam.Method{ID: 0x7465737462656406, Service: "Testbed", Name: "Block"}
	methodNest    = roam.Method{ID: 0x7465737462656407, Service: "Testbed", Name: "Nest"}
	methodDrain   = roam.Method{ID: 0x7465737462656408, Service: "Testbed", Name: "Drain"}
	methodFlood   = roam.Method{ID: 0x7465737462656409, Service: "Testbed", Name: "Flood"}
	methodIgnore  = roam.Method{ID: 0x746573746265640a, Service: "Testbed", Name: "Ignore"}
	methodMeta    = roam.Method{ID: 0x746573746265640b, Service: "Testbed", Name: "Meta"}
	methodInline  = roam.Method{ID: 0x746573746265640c, Service: "Testbed", Name: "Inline"}
	methodExit    = roam.Method{ID: 0x746573746265640d, Service: "Testbed", Name: "Exit"}
	methodDrive   = roam.Method{ID: 0x746573746265640e, Service: "Testbed", Name: "Drive"}
	methodHold    = roam.Method{ID: 0x746573746265640f, Service: "Testbed", Name: "Hold"}
	methodLeave   = roam.Method{ID: 0x7465737462656410, Service: "Testbed", Name: "Leave"}
	methodMissing = roam.Method{ID: 0x74657374626564ff, Service: "Testbed", Name: "Missing"}
)

// Ids of methods that tests call by hand-made messages.
var (
	SumID       = methodSum.ID
	TransformID = methodTransform.ID
	BlockID     = methodBlock.ID
	HoldID      = methodHold.ID
	EchoID      = methodEcho.ID
)

// CheckError is the declared error of Check.
type CheckError struct{ Code uint32 }

func (e *CheckError) Error() string { return "check failed" }
