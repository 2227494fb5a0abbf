/* SPDX-License-Identifier: MIT */
/* The table of policies. Where each of them puts its pages: map.cases. */
#include "mm/policy.h"
#include "tests/unit/support.h"

TEST(table_of_policies)
{
	static const char *const names[] = { "bottom-up", "memblock", "lowest", "top-down",
					     "series",    "hybrid",   "floor",  "node-local" };
	static const bool srat_first[] = { false, true, false, false, true, false, false, true };

	assert_true(pt_policies_nr >= ARRAY_SIZE(names));
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		assert_string_equal(pt_policies[i]->name, names[i]);
		assert_int_equal(pt_policies[i]->srat_first, srat_first[i]);
		assert_in_range(strlen(pt_policies[i]->says), 1, 59);
		assert_ptr_equal(pt_policy_find(names[i], strlen(names[i])), pt_policies[i]);
	}
	assert_ptr_equal(pt_policy_find("floor,lowest", 5), &policy_floor);
	assert_null(pt_policy_find("floor,lowest", 6));
	assert_null(pt_policy_find("floo", 4));
	assert_null(pt_policy_find("floors", 6));
	assert_null(pt_policy_find("Floor", 5));
	assert_null(pt_policy_find("", 0));
}
