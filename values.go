package roam

import "github.com/roam-rpc/roam-go/wire"

// Types of the wire that Go has none for.
type (
	// Uint128 is an unsigned number of 128 bits.
	Uint128 = wire.Uint128
	// Int128 is a signed number of 128 bits.
	Int128 = wire.Int128
	// Char is one Unicode scalar value.
	Char = wire.Char
)
