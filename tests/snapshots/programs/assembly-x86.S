// SPDX-License-Identifier: GPL-2.0-or-later
/* Written by hand: CFI with a realigned stack whose CFA is an expression, a saved sp, and none. */
	.text
	.globl realigned, by_rax, without, stop_here, main

main:
	.cfi_startproc
	sub $24, %rsp
	.cfi_adjust_cfa_offset 24
	call realigned
	add $24, %rsp
	.cfi_adjust_cfa_offset -24
	ret
	.cfi_endproc

/* CFA: *(rbp - 8) */
realigned:
	.cfi_startproc
	lea 8(%rsp), %r10
	.cfi_def_cfa %r10, 0
	and $-64, %rsp
	push -8(%r10)
	push %rbp
	mov %rsp, %rbp
	.cfi_escape 0x10, 6, 2, 0x76, 0
	push %r10
	.cfi_escape 0x0f, 3, 0x76, 0x78, 6
	sub $72, %rsp
	call by_rax
	add $72, %rsp
	pop %r10
	.cfi_def_cfa %r10, 0
	pop %rbp
	lea -8(%r10), %rsp
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_endproc

/* The old stack pointer in a register that calls may change, and a rule for one that is in another. */
by_rax:
	.cfi_startproc
	mov %rsp, %rbx
	.cfi_def_cfa_register %rbx
	mov %rbp, %r12
	.cfi_register %rbp, %r12
	sub $4096, %rsp
	and $-4096, %rsp
	mov %rsp, %rbp
	call without
	mov %r12, %rbp
	mov %rbx, %rsp
	.cfi_def_cfa_register %rsp
	ret
	.cfi_endproc

/* Only a frame pointer. */
without:
	push %rbp
	mov %rsp, %rbp
	sub $40, %rsp
	call stop_here
	leave
	ret

stop_here:
	.cfi_startproc
	push %r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r13, 0
	.cfi_remember_state
	test %eax, %eax
	pause
inside:
	call pause
	pop %r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r13
	ret
	.cfi_restore_state
	ud2
	.cfi_endproc
	.section .note.GNU-stack, "", @progbits
