; SPDX-License-Identifier: MIT
; The real-mode part of a bzImage: the setup header of Linux's boot protocol, and what has to be asked of a BIOS before protected mode.
;
; Loaders put it at the start of a segment with 32 KiB of room, of which the second 4 KiB become boot_params and those behind the part
; of the memory map that does not fit in. boot.rst and zero-page.rst of Linux 6.12; E820: ACPI 6.5, 15.1.

BEGIN           equ 0x1f8               ; file.ld puts this section there
PARAMS          equ 0x1000
SETUP_DATA      equ 0x2000
ENTRIES         equ 0x3000              ; entries beyond the table, as an element of setup_data from SETUP_DATA on
EXTRA_END       equ 0x6000
ENTRY           equ 0x6000              ; one entry, as the BIOS gives it

HEADER          equ 0x1f1
EXT_MEM_K       equ PARAMS + 0x002
ALT_MEM_K       equ PARAMS + 0x1e0
E820_ENTRIES    equ PARAMS + 0x1e8
HEADER_DATA     equ PARAMS + 0x250      ; setup_data
E820_TABLE      equ PARAMS + 0x2d0
E820_ROOM       equ 128
E820_SIZE       equ 20
SMAP            equ 0x534d4150
SETUP_E820_EXT  equ 1

%define AT(label) (BEGIN + (label - setup))

section .setup progbits alloc noexec nowrite align=1
bits 16
setup:
	dw 0                            ; 1f8 ram_size
	dw 0xffff                       ; 1fa vid_mode: as it is
	dw 0                            ; 1fc root_dev
	dw 0xaa55                       ; 1fe boot_flag
	db 0xeb, header_end - jump_end  ; 200 jump
jump_end:
	db "HdrS"                       ; 202
	dw 0x020f                       ; 206 version
	dd 0                            ; 208 realmode_swtch
	dw 0x1000                       ; 20c start_sys_seg
	dw AT(version) - 0x200          ; 20e kernel_version
	db 0                            ; 210 type_of_loader
	db 1                            ; 211 loadflags: LOADED_HIGH
	dw 0x8000                       ; 212 setup_move_size
code32_start:
	dd 0x100000                     ; 214
	dd 0, 0                         ; 218 ramdisk_image, ramdisk_size
	dd 0                            ; 220 bootsect_kludge
	dw 0                            ; 224 heap_end_ptr
	db 0, 0                         ; 226 ext_loader_ver, ext_loader_type
	dd 0                            ; 228 cmd_line_ptr
	dd 0x7fffffff                   ; 22c initrd_addr_max
	dd 0x200000                     ; 230 kernel_alignment
	db 1                            ; 234 relocatable_kernel
	db 21                           ; 235 min_alignment
	dw 0x7b                         ; 236 xloadflags: 64-bit entry, anywhere, EFI handover, EFI by kexec, five levels
	dd 16383                        ; 238 cmdline_size: CMDLINE_MAX - 1
	dd 0                            ; 23c hardware_subarch
	dq 0                            ; 240 hardware_subarch_data
	dd 0, 0                         ; 248 payload_offset, payload_length
	dq 0                            ; 250 setup_data
	dq 0x1000000                    ; 258 pref_address
	dd 0x600000                     ; 260 init_size: file and image, each with its alignment
	dd 0x200                        ; 264 handover_offset: boot/file/start.asm
	dd 0                            ; 268 kernel_info_offset
header_end:
	cld
	mov     ax, ds
	mov     es, ax
	; boot_params: zeros, and the header as the loader has left it.
	mov     di, PARAMS
	mov     cx, 0x1000 / 2
	xor     ax, ax
	rep stosw
	mov     si, HEADER
	mov     di, PARAMS + HEADER
	mov     cx, 0x26c - HEADER
	rep movsb

; The memory map. A BIOS may forget edx, set the carry flag with the last entry or behind it, give 20 bytes or 24, never end.
	xor     ebx, ebx
	mov     bp, E820_TABLE
	xor     si, si                  ; entries so far
.next:
	mov     di, ENTRY
	mov     dword [di + 20], 1      ; counts, unless the BIOS says otherwise
	mov     eax, 0xe820
	mov     ecx, 24
	mov     edx, SMAP
	push    si
	push    bp
	push    ds
	push    es
	int     0x15
	pop     es
	pop     ds
	pop     bp
	pop     si
	cld
	jc      .done
	cmp     eax, SMAP
	jne     .unknown
	test    byte [ENTRY + 20], 1
	jz      .skip
	cmp     bp, EXTRA_END - E820_SIZE
	ja      .full
	push    si
	mov     si, ENTRY
	mov     di, bp
	mov     cx, E820_SIZE / 2
	rep movsw
	mov     bp, di
	pop     si
	inc     si
	cmp     si, E820_ROOM
	jne     .skip
	mov     bp, ENTRIES             ; the table is full: from here on the rest
.skip:
	test    ebx, ebx
	jnz     .next
	jmp     .done
.full:
	inc     bp                      ; a length that is not of whole entries: boot/linux.c says that some are missing
	jmp     .done
.unknown:
	xor     si, si                  ; what came before is worth nothing either
.done:
	mov     ax, si
	cmp     ax, E820_ROOM
	jbe     .store
	mov     ax, E820_ROOM
	; What does not fit: setup_data at ENTRIES - 16.
	mov     di, ENTRIES - 16
	sub     bp, ENTRIES
	mov     dword [di], 0
	mov     dword [di + 4], 0
	mov     dword [di + 8], SETUP_E820_EXT
	movzx   ecx, bp
	mov     [di + 12], ecx
	xor     ecx, ecx
	mov     cx, ds
	shl     ecx, 4
	add     ecx, ENTRIES - 16
	mov     edx, [HEADER_DATA]      ; the loader's own list goes on behind it
	mov     [di], edx
	mov     edx, [HEADER_DATA + 4]
	mov     [di + 4], edx
	mov     [HEADER_DATA], ecx
	mov     dword [HEADER_DATA + 4], 0
.store:
	mov     [E820_ENTRIES], al
	test    al, al
	jnz     .a20

; No map: what lies above 1 MiB, in KiB, and from 16 MiB on in pieces of 64; or the old way, up to 64 MiB.
	xor     cx, cx
	xor     dx, dx
	mov     ax, 0xe801
	int     0x15
	jc      .old
	test    cx, cx
	jnz     .configured
	mov     cx, ax
	mov     dx, bx
.configured:
	movzx   eax, cx
	cmp     ax, 15 * 1024
	ja      .old
	jb      .below
	movzx   edx, dx
	shl     edx, 6
	add     eax, edx
.below:
	mov     [ALT_MEM_K], eax
.old:
	mov     ah, 0x88
	int     0x15
	jc      .a20
	mov     [EXT_MEM_K], ax

; Line 20 of the address bus: loaders have opened it to load the rest above 1 MiB; asked for once more.
.a20:
	mov     ax, 0x2401
	int     0x15
	cli
	in      al, 0x92
	cmp     al, 0xff
	je      .protected
	or      al, 2
	and     al, 0xfe
	out     0x92, al

.protected:
	mov     al, 0x80                ; no NMI on the way
	out     0x70, al
	mov     al, 0xff                ; nor interrupts
	out     0xa1, al
	out     0x21, al
	xor     ebx, ebx
	mov     bx, ds
	shl     ebx, 4
	lea     eax, [ebx + AT(gdt)]
	mov     [AT(gdt_pointer) + 2], eax
	lgdt    [AT(gdt_pointer)]
	lea     esi, [ebx + PARAMS]
	mov     edi, [AT(code32_start)]
	lea     eax, [ebx + AT(flat)]
	push    dword 0x10
	push    eax
	mov     eax, cr0
	or      al, 1
	mov     cr0, eax
	o32 retf
bits 32
flat:
	mov     eax, 0x18
	mov     ds, eax
	mov     es, eax
	mov     fs, eax
	mov     gs, eax
	mov     ss, eax
	jmp     edi

gdt_pointer:
	dw gdt_end - gdt - 1
	dd 0
gdt:
	dq 0, 0
	dq 0x00cf9b000000ffff           ; 0x10: code
	dq 0x00cf93000000ffff           ; 0x18: data
gdt_end:
version:
	db "Landfall", 0

section .note.GNU-stack noalloc noexec nowrite progbits
