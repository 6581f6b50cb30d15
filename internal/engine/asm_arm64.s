//go:build linux

#include "textflag.h"

// func awaitChange(word *uint32, seen uint32, looks int) bool
TEXT ·awaitChange(SB), NOSPLIT, $0-25
	MOVD  word+0(FP), R0
	MOVWU seen+8(FP), R1
	MOVD  looks+16(FP), R2

look:
	LDARW (R0), R3
	CMPW  R1, R3
	BNE   changed
	ISB   $15 // YIELD does nothing on most cores
	ISB   $15
	ISB   $15
	ISB   $15
	SUB   $1, R2
	CMP   $0, R2
	BGT   look
	MOVB  ZR, ret+24(FP)
	RET

changed:
	MOVD $1, R4
	MOVB R4, ret+24(FP)
	RET

// func ownLine(at unsafe.Pointer)
TEXT ·ownLine(SB), NOSPLIT, $0-8
	MOVD at+0(FP), R0
	PRFM (R0), PSTL1KEEP
	RET
