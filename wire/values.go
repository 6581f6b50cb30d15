package wire

import (
	"cmp"
	"math/big"
)

// Char is one Unicode scalar value, a char on the wire. (A rune alone cannot be told
// from an int32.)
type Char rune

// Uint128 is an unsigned number of 128 bits: Hi<<64 + Lo.
type Uint128 struct{ Hi, Lo uint64 }

// Int128 is a signed number of 128 bits, two's complement: Hi<<64 + Lo.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Compare is -1, 0 or 1 as v is less than, equal to or greater than w.
func (v Uint128) Compare(w Uint128) int {
	return cmp.Or(cmp.Compare(v.Hi, w.Hi), cmp.Compare(v.Lo, w.Lo))
}

// Compare is -1, 0 or 1 as v is less than, equal to or greater than w.
func (v Int128) Compare(w Int128) int {
	return cmp.Or(cmp.Compare(v.Hi, w.Hi), cmp.Compare(v.Lo, w.Lo))
}

// Big is v as a big.Int.
func (v Uint128) Big() *big.Int {
	hi := new(big.Int).SetUint64(v.Hi)
	return hi.Add(hi.Lsh(hi, 64), new(big.Int).SetUint64(v.Lo))
}

// Big is v as a big.Int.
func (v Int128) Big() *big.Int {
	hi := big.NewInt(v.Hi)
	return hi.Add(hi.Lsh(hi, 64), new(big.Int).SetUint64(v.Lo))
}

// String is v in decimal.
func (v Uint128) String() string { return v.Big().String() }

// String is v in decimal.
func (v Int128) String() string { return v.Big().String() }

// CompareBool is -1, 0 or 1 as a is less than, equal to or greater than b; false is less.
func CompareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
