// SPDX-License-Identifier: GPL-2.0-or-later
/* Written by hand: signed return addresses, a realigned stack, a leaf, no CFI but a frame pointer. */
	.text
	.globl main, signed_by_hand, realigned, without, stop_here

main:
	.cfi_startproc
	stp x29, x30, [sp, -32]!
	.cfi_def_cfa_offset 32
	.cfi_offset 29, -32
	.cfi_offset 30, -24
	mov x29, sp
	bl signed_by_hand
	ldp x29, x30, [sp], 32
	ret
	.cfi_endproc

signed_by_hand:
	.cfi_startproc
	hint 25
	.cfi_negate_ra_state
	stp x29, x30, [sp, -48]!
	.cfi_def_cfa_offset 48
	.cfi_offset 29, -48
	.cfi_offset 30, -40
	mov x29, sp
	str x19, [sp, 16]
	.cfi_offset 19, -32
	mov x19, 7
	bl realigned
	ldr x19, [sp, 16]
	ldp x29, x30, [sp], 48
	hint 29
	ret
	.cfi_endproc

realigned:
	.cfi_startproc
	stp x29, x30, [sp, -16]!
	.cfi_def_cfa_offset 16
	.cfi_offset 29, -16
	.cfi_offset 30, -8
	mov x29, sp
	.cfi_def_cfa 29, 16
	sub x9, sp, 512
	and sp, x9, -256
	bl without
	mov sp, x29
	ldp x29, x30, [sp], 16
	ret
	.cfi_endproc

without:
	stp x29, x30, [sp, -16]!
	mov x29, sp
	bl stop_here
	ldp x29, x30, [sp], 16
	ret

stop_here:
	.cfi_startproc
	nop
	sub sp, sp, 32
	.cfi_def_cfa_offset 32
	nop
inside:
	add sp, sp, 32
	ret
	.cfi_endproc
	.section .note.GNU-stack, "", %progbits
