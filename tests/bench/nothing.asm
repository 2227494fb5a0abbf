; SPDX-License-Identifier: MIT
; A kernel that does nothing: Multiboot 1, one word on the serial port, out by QEMU's debug-exit port. What any boot costs.
bits 32
org 0x1000000

header:
	dd 0x1badb002, 0x00010003, -(0x1badb002 + 0x00010003)
	dd header, header, end, end, entry

entry:
	mov esi, text
	mov ecx, end - text
	mov dx, 0x3f8
	rep outsb
	mov eax, 0x10
	mov dx, 0xf4
	out dx, eax
	hlt

text:	db "nothing", 13, 10
end:
