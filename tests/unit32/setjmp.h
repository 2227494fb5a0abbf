/* SPDX-License-Identifier: MIT */
/* cmocka's header asks for this type. WebAssembly jumps out of no function: see caught() in tests/unit/support.h. */
#ifndef TESTS_UNIT32_SETJMP_H
#define TESTS_UNIT32_SETJMP_H

typedef int jmp_buf[1];

#endif
