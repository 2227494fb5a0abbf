; SPDX-License-Identifier: MIT
; An option ROM that makes the BIOS an odd one: it answers INT 15h itself where memory is asked for. test_odd_bios.py puts flags, number of
; entries and entries (24 bytes each) behind it.

SMAP            equ 0x534d4150
OLD             equ 0x60 * 4            ; an interrupt vector for users keeps the BIOS's own
NO_MAP          equ 1                   ; flags: no E820
WIDE            equ 2                   ; 24 bytes an entry
CARRY_AT_END    equ 4                   ; the end is an error behind the last entry
FORGETS_EDX     equ 8
LOSES_SMAP      equ 16                  ; from the third entry on
ENDLESS         equ 32                  ; begins anew behind the last entry
AX_BX_ONLY      equ 64                  ; E801: 15 MiB and 496 MiB in ax and bx, nothing in cx and dx
NO_E801         equ 128

bits 16
org 0
	db 0x55, 0xaa, 64               ; 32 KiB
	push    ds
	push    eax
	xor     ax, ax
	mov     ds, ax
	mov     eax, [0x15 * 4]
	mov     [OLD], eax
	mov     word [0x15 * 4], handler
	mov     [0x15 * 4 + 2], cs
	pop     eax
	pop     ds
	retf

handler:
	cmp     ax, 0xe820
	je      map
	cmp     ax, 0xe801
	je      e801
old:
	sub     sp, 4
	push    bp
	mov     bp, sp
	push    ds
	push    eax
	xor     ax, ax
	mov     ds, ax
	mov     eax, [OLD]
	mov     [bp + 2], eax
	pop     eax
	pop     ds
	pop     bp
	retf

e801:
	test    word [cs:flags], NO_E801
	jnz     refuse
	test    word [cs:flags], AX_BX_ONLY
	jz      old
	mov     ax, 15 * 1024
	mov     bx, 496 * 16
	xor     cx, cx
	xor     dx, dx
	jmp     good

map:
	test    word [cs:flags], NO_MAP
	jnz     refuse
	cmp     bx, [cs:count]
	jae     refuse
	push    si
	push    di
	imul    si, bx, 24
	add     si, entries
	mov     ecx, 20
	test    word [cs:flags], WIDE
	jz      .size
	mov     cl, 24
.size:
	push    cx
	cld
	cs rep movsb
	pop     cx
	pop     di
	pop     si
	inc     bx
	mov     eax, SMAP
	test    word [cs:flags], LOSES_SMAP
	jz      .signed
	cmp     bx, 3
	jb      .signed
	xor     eax, eax
.signed:
	cmp     bx, [cs:count]
	jb      .more
	test    word [cs:flags], CARRY_AT_END
	jnz     .more
	xor     ebx, ebx
	test    word [cs:flags], ENDLESS
	jz      .more
	inc     bx
.more:
	test    word [cs:flags], FORGETS_EDX
	jz      good
	xor     edx, edx
good:
	push    bp
	mov     bp, sp
	and     byte [bp + 6], ~1       ; the caller's carry flag
	pop     bp
	iret
refuse:
	push    bp
	mov     bp, sp
	or      byte [bp + 6], 1
	pop     bp
	mov     ah, 0x86
	iret

align 16
flags   equ $
count   equ flags + 2
entries equ flags + 4
