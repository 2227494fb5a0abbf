/* SPDX-License-Identifier: MIT */
/* Tables as hex dumps of several programs, among other text, cut and wrong. */
#include "tests/unit/support.h"

#include "tools/predict/dump.h"

static char text[1024];

static size_t take(const char *s)
{
	snprintf(text, sizeof(text), "%s", s);
	return dump_take(text, strlen(text), "SRAT");
}

TEST(test_programs)
{
	static const char *const dumps[] = {
		/* iasl -d, of today and of old */
		"/*\n * ACPI Data Table [SRAT]\n */\n[000h 0000   4]   Signature : \"SRAT\"\n\nRaw Table Data: Length "
		"18 (0x12)\n\n"
		"    0000: 53 52 41 54 12 00 00 00 03 6B 4C 4E 44 46 4C 4C  // SRAT.....kLNDFLL\n"
		"    0010: AB CD                                            // ..\n",
		"  0000: 53 52 41 54 12 00 00 00 03 6b 4c 4e 44 46 4c 4c  SRAT.....kLNDFLL\r\n"
		"  0010: ab cd                                            ab\r\n",
		/* acpidump: another table before it and behind it */
		"SLIT @ 0x0000000000000000\n    0000: 53 4C 49 54 2C 00 00 00                          SLIT,...\n\n"
		"SRAT @ 0x0000000000000000\n    0000: 53 52 41 54 12 00 00 00 03 6B 4C 4E 44 46 4C 4C  "
		"SRAT.....kLNDFLL\n"
		"    0010: AB CD                                            ..\n\n"
		"MCFG @ 0x0000000000000000\n    0000: 4D 43 46 47 3C 00 00 00                          MCFG<...\n",
		/* xxd, hexdump -C */
		"00000000: 5352 4154 1200 0000 036b 4c4e 4446 4c4c  SRAT.....kLNDFLL\n00000010: abcd                  "
		"..\n",
		"00000000  53 52 41 54 12 00 00 00  03 6b 4c 4e 44 46 4c 4c  |SRAT.....kLNDFLL|\n00000010  ab cd      "
		"|..|\n00000012\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(dumps); i++) {
		assert_int_equal(take(dumps[i]), 18);
		assert_memory_equal(text, "SRAT\x12\0\0\0\x03kLNDFLL\xab\xcd", 18);
	}
}

TEST(test_ends)
{
	assert_int_equal(take(""), 0);
	assert_int_equal(take("0000: 53 52 41"), 0);
	assert_int_equal(take("0000: 53 4C 49 54"), 0);
	assert_int_equal(take("0010: 53 52 41 54"), 0);
	assert_int_equal(take("a log with SRAT in it\n0000\n0000:\n"), 0);
	assert_int_equal(take("0000: 53 52 41 54"), 4);
	assert_int_equal(take("0000: 53 52 41 54 1"), 4);
	/* a line is missing; the offsets begin anew */
	assert_int_equal(take("0000: 53 52 41 54\n0008: 01\n"), 4);
	assert_int_equal(take("0000: 53 52 41 54\n0000: 53 52 41 54\n"), 4);
	assert_int_equal(take("0000: 53 52 41 54\n0004: 01\n"), 5);
}
