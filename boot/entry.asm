; SPDX-License-Identifier: MIT
; The 32-bit entry: from unpaged protected mode to 64-bit C at the link address, nothing else.
;
; Runs wherever the image lies below 4 GiB, 2 MiB aligned. Absolute 32-bit relocations are not allowed in a static PIE, so everything
; is found from the image's first byte, in edi: this section by its offset, the rest by the words that linker.ld puts before it.

%include "build/layout.inc"             ; boot/image_layout.h

; struct image_words (boot/uefi.h): link addresses.
WORD_TABLES     equ IMAGE_WORDS         ; struct early_tables
WORD_STACK      equ IMAGE_WORDS + 4     ; top of the boot stack
WORD_STACK_VIRT equ IMAGE_WORDS + 8
WORD_ENTRY_VIRT equ IMAGE_WORDS + 16
WORD_END        equ IMAGE_WORDS + 32    ; end of the image

; Pages of struct early_tables (boot/early_map.h).
TABLE_PGD       equ 0x0000
TABLE_P4D       equ 0x1000
TABLE_PUD       equ 0x2000
TABLE_PMD       equ 0x3000
TABLE_PTE       equ 0x4000
TABLE_PAGES     equ 6

EFER            equ 0xc0000080
EXIT_PORT       equ 0xf4
RUN_ERROR       equ 0x12
COM1            equ 0x3f8

%define AT(label) (edi + IMAGE_ENTRY + (label - boot32))

; %1: what the word of that offset names, where it is now.
%macro LOCATE 2
	mov     %1, [edi + %2]
	lea     %1, [%1 + edi - LOAD_PHYS]
%endmacro

section .boot32 progbits alloc exec write align=16
bits 32
boot32:
; From a Multiboot loader: eax its magic, ebx where its information is.
global entry32
entry32:
	mov     edi, LOAD_PHYS
; The same with the image at edi.
global entry32_at
entry32_at:
	cli
	cld
	mov     ebp, eax                ; the loader's magic

	; Where no memory is, nothing stays: neither the image's last page nor the stack.
	LOCATE  ecx, WORD_END
	mov     [ecx - 4], eax
	cmp     [ecx - 4], eax
	lea     esi, [AT(no_memory)]
	jne     fail
	and     dword [ecx - 4], 0
	LOCATE  esp, WORD_STACK
	push    ebx                     ; its information

	; CPUID is there if EFLAGS.ID can be changed; long mode and NX are bits of leaf 0x80000001.
	pushfd
	pop     eax
	mov     ecx, eax
	xor     eax, 1 << 21
	push    eax
	popfd
	pushfd
	pop     eax
	cmp     eax, ecx
	lea     esi, [AT(no_long_mode)]
	je      fail
	mov     eax, 0x80000000
	cpuid
	cmp     eax, 0x80000001
	lea     esi, [AT(no_long_mode)]
	jb      fail
	mov     eax, 0x80000001
	cpuid
	lea     esi, [AT(no_long_mode)]
	test    edx, 1 << 29
	jz      fail
	lea     esi, [AT(no_nx)]
	test    edx, 1 << 20
	jz      fail

	; First map: the 2 MiB of the image, where it lies (until the jump below) and at its link address. The page of the P4D and that
	; of the PTEs serve as PUD and PMD of the former; C builds the real tables in their place.
	LOCATE  ebx, WORD_TABLES
	mov     esi, edi
	mov     edi, ebx
	xor     eax, eax
	mov     ecx, TABLE_PAGES * 1024
	rep stosd
	mov     edi, esi
	lea     eax, [ebx + TABLE_P4D + 3]
	mov     [ebx + TABLE_PGD], eax
	lea     eax, [ebx + TABLE_PTE + 3]
	shr     esi, 30
	mov     [ebx + TABLE_P4D + esi * 8], eax
	lea     eax, [ebx + TABLE_PUD + 3]
	mov     [ebx + TABLE_PGD + 511 * 8], eax
	lea     eax, [ebx + TABLE_PMD + 3]
	mov     [ebx + TABLE_PUD + 510 * 8], eax
	lea     eax, [edi + 0x83]       ; present, writable, 2M
	mov     [ebx + TABLE_PMD + LOAD_PHYS / IMAGE_SLOT * 8], eax
	mov     esi, edi
	shr     esi, 21
	and     esi, 511
	mov     [ebx + TABLE_PTE + esi * 8], eax

	mov     eax, cr4
	or      eax, 1 << 5             ; PAE
	and     eax, ~(1 << 12)         ; four levels
	mov     cr4, eax
	mov     cr3, ebx
	mov     ecx, EFER
	rdmsr
	or      eax, (1 << 8) | (1 << 11) ; LME, NXE
	wrmsr
	mov     eax, cr0
	or      eax, (1 << 31) | (1 << 16) | 1 ; PG, WP, PE
	and     eax, ~((1 << 2) | (1 << 3))    ; EM, TS
	mov     cr0, eax

	pop     edx                     ; third argument: the information
	sub     esp, 8
	mov     word [esp], boot_gdt_end - boot_gdt - 1
	lea     eax, [AT(boot_gdt)]
	mov     [esp + 2], eax
	lgdt    [esp]
	push    dword 0x08
	lea     eax, [AT(long_mode)]
	push    eax
	retf

; From a hypervisor: ebx where its information is (hvm_start_info).
global entry_pvh
entry_pvh:
	mov     eax, PVH_MAGIC
	jmp     entry32

bits 64
long_mode:
	mov     eax, 0x10
	mov     ds, eax
	mov     es, eax
	mov     ss, eax
	xor     eax, eax
	mov     fs, eax
	mov     gs, eax
	mov     edx, edx                ; upper halves are undefined here
	mov     esi, edi                ; second argument: the image
	mov     edi, ebp                ; first argument: the magic
	mov     rsp, [rsi + WORD_STACK_VIRT]
	mov     rax, [rsi + WORD_ENTRY_VIRT]
	jmp     rax

bits 32
; Says the line at esi on COM1, waiting a bounded time for each byte, and ends as "could not complete".
fail:
	lodsb
	test    al, al
	jz      .end
	mov     bl, al
	mov     ecx, 100000
.wait:
	mov     dx, COM1 + 5
	in      al, dx
	test    al, 0x20
	jnz     .send
	loop    .wait
.send:
	mov     al, bl
	mov     dx, COM1
	out     dx, al
	jmp     fail
.end:
	mov     eax, RUN_ERROR
	mov     dx, EXIT_PORT
	out     dx, eax
.halt:
	hlt
	jmp     .halt

no_memory:
	db "[    0.000000] error: too little memory: the image needs RAM up to 18 MiB", 13, 10, 0
no_long_mode:
	db "[    0.000000] error: this CPU has no long mode (64-bit): Landfall needs it", 13, 10, 0
no_nx:
	db "[    0.000000] error: this CPU has no NX (execute disable): Landfall needs it", 13, 10, 0

; Flat segments, used until C has loaded its own GDT, and below.
align 8
global boot_gdt
boot_gdt:
	dq 0
	dq 0x00af9b000000ffff           ; 0x08: 64-bit code
	dq 0x00cf93000000ffff           ; 0x10: data
	dq 0x00cf9b000000ffff           ; 0x18: 32-bit code
boot_gdt_end:

; void levels_switch_low(cr3, la57, return address, stack): the part of levels_switch (boot/dev/stubs.asm) that runs identity-mapped. Paging can only be
; given another number of levels while it is off, which means leaving long mode: Intel SDM vol. 3A, 4.1.2 and 9.8.5.
bits 64
global levels_switch_low
levels_switch_low:
	mov     r12, rdx
	mov     r13, rcx
	; The upper halves of registers are lost outside 64-bit mode, so both go through memory.
	mov     [rel saved_return], r12
	mov     [rel saved_stack], r13
	lea     rsp, [rel low_stack_end]
	sub     rsp, 16
	mov     word [rsp], boot_gdt_end - boot_gdt - 1
	lea     rax, [rel boot_gdt]
	mov     [rsp + 2], rax
	lgdt    [rsp]
	push    qword 0x18
	lea     rax, [rel .compatibility]
	push    rax
	retfq
bits 32
.compatibility:
	mov     eax, cr0
	and     eax, ~(1 << 31)
	mov     cr0, eax
	mov     eax, cr4
	and     eax, ~(1 << 12)
	test    esi, esi
	jz      .four
	or      eax, 1 << 12
.four:
	mov     cr4, eax
	mov     cr3, edi
	mov     eax, cr0
	or      eax, 1 << 31
	mov     cr0, eax
	push    dword 0x08
	call    .here
.here:
	add     dword [esp], .long - .here
	retf
bits 64
.long:
	mov     eax, 0x10
	mov     ss, eax
	mov     rsp, [rel saved_stack]
	jmp     [rel saved_return]

align 8
saved_return:
	dq 0
saved_stack:
	dq 0
	times 16 dq 0
low_stack_end:

section .text
bits 64
default rel
extern boot_main
; First 64-bit instructions at the link address: rdi = magic, rsi = the image's first byte, rdx = information.
global entry64
entry64:
	xor     ebp, ebp
	call    boot_main
	ud2
section .note.GNU-stack noalloc noexec nowrite progbits
