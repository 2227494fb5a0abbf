; SPDX-License-Identifier: MIT
; The image as bytes of the UEFI application, the jump into it, and what shim wants to know (SBAT).

bits 64
default rel

%include "build/layout.inc"             ; boot/layout.h

CR4_PGE         equ 1 << 7
CR4_PCIDE       equ 1 << 17
CR4_CET         equ 1 << 23

section .text
; void efi_jump(uint64_t cr3, uint64_t stack, uint64_t entry, uint64_t image): the last instructions of the application. Inside one
; 64-byte line, so inside one page. CET, PCID and global pages of the firmware go; the image sets what it wants.
align 64
global efi_jump:function hidden
efi_jump:
	cli
	mov     rax, cr4
	and     rax, ~(CR4_CET | CR4_PCIDE | CR4_PGE)
	mov     cr4, rax
	mov     cr3, rdi
	mov     rsp, rsi
	mov     edi, UEFI_MAGIC
	mov     rsi, rcx
	jmp     rdx

section .rodata
align 64
global efi_payload:data hidden
efi_payload:
	incbin PAYLOAD
global efi_payload_end:data hidden
efi_payload_end:

; Secure Boot Advanced Targeting: what a signed loader can be revoked by (shim's SBAT.md).
section .sbat alloc noexec nowrite progbits
	db "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md", 10
	db "landfall,1,Landfall,landfall,0.1.0,none", 10

section .note.GNU-stack noalloc noexec nowrite progbits
