; SPDX-License-Identifier: MIT
; What C cannot express: one stub per interrupt vector, the jump into the moved image, the change of paging levels.

bits 64
default rel

section .text

extern exception_handle

; Every vector has a stub of 16 bytes: an error code if the CPU pushed none, the vector, then the common part.
align 16
global exception_stubs
exception_stubs:
%assign vector 0
%rep 32
	align 16
%if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
%else
	push    qword 0
%endif
	push    qword vector
	jmp     near exception_common
%assign vector vector + 1
%endrep

; Saves the registers in the order of struct exception_frame. Comes back only to try the instruction again, with another IDT.
align 16
exception_common:
	push    rax
	push    rbx
	push    rcx
	push    rdx
	push    rsi
	push    rdi
	push    rbp
	push    r8
	push    r9
	push    r10
	push    r11
	push    r12
	push    r13
	push    r14
	push    r15
	cld
	mov     rdi, rsp
	mov     rbp, rsp
	and     rsp, -16
	call    exception_handle
	mov     rsp, rbp
	pop     r15
	pop     r14
	pop     r13
	pop     r12
	pop     r11
	pop     r10
	pop     r9
	pop     r8
	pop     rbp
	pop     rdi
	pop     rsi
	pop     rdx
	pop     rcx
	pop     rbx
	pop     rax
	add     rsp, 16
	iretq

; void move_jump(uint64_t cr3, uint64_t stack, uint64_t entry): on to the new image. The old image is mapped at its old address in
; the new tables too, or the new one lies there: either way the next instruction is the same.
global move_jump
move_jump:
	mov     cr3, rdi
	mov     rsp, rsi
	xor     ebp, ebp
	call    rdx
	ud2

; void levels_switch(uint64_t cr3, bool la57, uint64_t low): runs levels_switch_low at its identity-mapped address `low`.
global levels_switch
levels_switch:
	push    rbx
	push    rbp
	push    r12
	push    r13
	push    r14
	push    r15
	mov     rax, rdx
	mov     rcx, rsp
	lea     rdx, [.back]
	jmp     rax
.back:
	pop     r15
	pop     r14
	pop     r13
	pop     r12
	pop     rbp
	pop     rbx
	ret

; void cpu_load_segments(void): after a new GDT, reloads every segment register (code 0x08, data 0x10).
global cpu_load_segments
cpu_load_segments:
	mov     eax, 0x10
	mov     ds, eax
	mov     es, eax
	mov     ss, eax
	xor     eax, eax
	mov     fs, eax
	mov     gs, eax
	pop     rax
	push    qword 0x08
	push    rax
	retfq

section .note.GNU-stack noalloc noexec nowrite progbits
