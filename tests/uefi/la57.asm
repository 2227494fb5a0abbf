; SPDX-License-Identifier: MIT
; Gives the running firmware five paging levels: only possible with paging off, so through 32-bit code. All of it lies below 4 GiB.
bits 64
default rel

CR4_LA57        equ 1 << 12
CR0_PG          equ 1 << 31

section .data
align 8
gdt:
	dq 0
	dq 0x00af9b000000ffff           ; 0x08: 64-bit code
	dq 0x00cf93000000ffff           ; 0x10: data
	dq 0x00cf9b000000ffff           ; 0x18: 32-bit code
gdt_end:
new_gdt:
	dw gdt_end - gdt - 1
	dq 0
old_gdt:
	times 10 db 0
old_cs: dq 0
old_ss: dq 0
old_rsp: dq 0

section .text
; void la57_on(uint64_t pml5)
global la57_on:function hidden
la57_on:
	push    rbx
	push    rbp
	push    r12
	push    r13
	push    r14
	push    r15
	pushfq
	cli
	mov     [old_rsp], rsp
	mov     [old_cs], cs
	mov     [old_ss], ss
	sgdt    [old_gdt]
	lea     rax, [gdt]
	mov     [new_gdt + 2], rax
	lgdt    [new_gdt]
	push    qword 0x18
	lea     rax, [.compatibility]
	push    rax
	retfq
bits 32
.compatibility:
	mov     eax, 0x10
	mov     ss, eax
	mov     eax, cr0
	and     eax, ~CR0_PG
	mov     cr0, eax
	mov     eax, cr4
	or      eax, CR4_LA57
	mov     cr4, eax
	mov     cr3, edi
	mov     eax, cr0
	or      eax, CR0_PG
	mov     cr0, eax
	push    dword 0x08
	call    .here
.here:
	add     dword [esp], .long - .here
	retf
bits 64
.long:
	lgdt    [old_gdt]
	mov     ss, [old_ss]
	mov     rsp, [old_rsp]
	push    qword [old_cs]
	lea     rax, [.back]
	push    rax
	retfq
.back:
	popfq
	pop     r15
	pop     r14
	pop     r13
	pop     r12
	pop     rbp
	pop     rbx
	ret

section .note.GNU-stack noalloc noexec nowrite progbits
