; SPDX-License-Identifier: MIT
; The entries of the one file: Linux's boot protocol with 32 and 64 bits, its EFI handover, and UEFI's own; the image as bytes.
;
; All of it runs wherever it was loaded. What loaders put in memory as the protected-mode part of a bzImage begins here.

%include "build/layout.inc"             ; boot/image_layout.h

CR4_PGE         equ 1 << 7
CR4_PCIDE       equ 1 << 17
CR4_CET         equ 1 << 23
BP_SCRATCH      equ 0x1e4               ; of boot_params: four bytes for a stack (boot.rst)
WORD_END        equ 32                  ; of struct image_words: boot/uefi.h
WORD_ENTRY_AT   equ 52
ENTRY64         equ 0x200               ; boot.rst

extern bss_start, bss_end, file_end
extern file_start64, efi_start

section .start progbits alloc exec nowrite align=16
; From a loader in protected mode: esi boot_params, flat segments. Puts the image behind the file, at the next 2 MiB boundary, and goes
; to its own 32-bit entry.
bits 32
start32:
	cli
	cld
	lea     esp, [esi + BP_SCRATCH + 4]
	call    .here
.here:
	pop     ebp
	sub     ebp, .here - start32
	mov     ebx, esi
	mov     edx, [ebp + offsets.file_end - start32]
	lea     edx, [ebp + edx + IMAGE_SLOT - 1]
	and     edx, ~(IMAGE_SLOT - 1)
	mov     esi, [ebp + offsets.payload - start32]
	add     esi, ebp
	mov     eax, [esi + WORD_END]
	mov     ebp, [esi + WORD_ENTRY_AT]
	lea     edi, [edx + IMAGE_WORDS]
	mov     ecx, [esi - 4]
	rep movsb
	lea     ecx, [eax + edx - LOAD_PHYS]
	sub     ecx, edi
	xor     eax, eax
	rep stosb
	mov     edi, edx
	mov     eax, LINUX_MAGIC
	lea     edx, [ebp + edi - LOAD_PHYS]
	jmp     edx

align 4
offsets:
.payload:       dd payload - start32
.file_end:      dd file_end - start32

	times ENTRY64 - ($ - start32) db 0
; From a loader in long mode: rsi boot_params; the file, boot_params and the command line are mapped where they are.
bits 64
start64:
	cli
	cld
	lea     rsp, [rel stack_end]
	call    clear_bss
	mov     rdi, rsi
	lea     rsi, [rel file_end]
	call    file_start64
	ud2

; Zeroes what lies behind the file's data; only for loaders that do not know of it. Keeps all but rax and rcx.
clear_bss:
	push    rdi
	lea     rdi, [rel bss_start]
	lea     rcx, [rel bss_end]
	sub     rcx, rdi
	xor     eax, eax
	rep stosb
	pop     rdi
	ret

	times 2 * ENTRY64 - ($ - start32) db 0
; EFI handover: rdi the handle, rsi the system table, rdx boot_params.
handover64:
	cld
	call    clear_bss
	jmp     efi_start

; UEFI's own: rcx the handle, rdx the system table, and its convention keeps rdi, rsi and xmm6 to xmm15.
global start_efi
start_efi:
	push    rdi
	push    rsi
	sub     rsp, 10 * 16 + 8
%assign n 6
%rep 10
	movaps  [rsp + (n - 6) * 16], xmm%[n]
%assign n n + 1
%endrep
	mov     rdi, rcx
	mov     rsi, rdx
	xor     edx, edx
	call    efi_start
%assign n 6
%rep 10
	movaps  xmm%[n], [rsp + (n - 6) * 16]
%assign n n + 1
%endrep
	add     rsp, 10 * 16 + 8
	pop     rsi
	pop     rdi
	ret

section .text
; void payload_jump(uint64_t cr3, uint64_t stack, uint64_t entry, uint64_t image, uint64_t magic, uint64_t info): the last instructions
; of the file. Inside one 64-byte line, so inside one page. CET, PCID and global pages go; the image sets what it wants.
align 64
global payload_jump:function hidden
payload_jump:
	cli
	mov     rax, cr4
	and     rax, ~(CR4_CET | CR4_PCIDE | CR4_PGE)
	mov     cr4, rax
	mov     cr3, rdi
	mov     rsp, rsi
	mov     edi, r8d
	mov     rsi, rcx
	mov     rax, rdx
	mov     rdx, r9
	jmp     rax

section .payload progbits alloc noexec nowrite align=64
	times 60 db 0
	dd payload_end - payload        ; right before it: start32 reads it there
global payload:data hidden
payload:
	incbin PAYLOAD
global payload_end:data hidden
payload_end:

; Behind what clear_bss clears: it is in use by then.
section .stack nobits alloc noexec write align=16
	resb 4096
stack_end:

; Secure Boot Advanced Targeting: what a signed loader can be revoked by (shim's SBAT.md).
section .sbat progbits alloc noexec nowrite align=1
	db "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md", 10
	db "landfall,1,Landfall,landfall,", VERSION, ",none", 10

; No relocations: the code finds all by where it runs. Some firmware does not move a file that has no list of them.
section .reloc progbits alloc noexec nowrite align=1
	dd 0, 12
	dw 0, 0

section .note.GNU-stack noalloc noexec nowrite progbits
