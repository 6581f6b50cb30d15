//go:build linux

#include "textflag.h"

// func awaitChange(word *uint32, seen uint32, looks int) bool
TEXT ·awaitChange(SB), NOSPLIT, $0-25
	MOVQ word+0(FP), AX
	MOVL seen+8(FP), CX
	MOVQ looks+16(FP), DX
look:
	CMPL CX, (AX)
	JNE  changed
	PAUSE
	PAUSE
	PAUSE
	PAUSE
	DECQ DX
	JGT  look
	MOVB $0, ret+24(FP)
	RET
changed:
	MOVB $1, ret+24(FP)
	RET

// func ownLine(at unsafe.Pointer)
TEXT ·ownLine(SB), NOSPLIT, $0-8
	MOVQ at+0(FP), AX
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08 // PREFETCHW (AX), which the assembler does not know
	RET
