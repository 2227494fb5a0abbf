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
		assert_int_equal(pt_policy_find(names[i]), i);
	}
	assert_int_equal(pt_policy_find("floo"), pt_policies_nr);
	assert_int_equal(pt_policy_find("floors"), pt_policies_nr);
	assert_int_equal(pt_policy_find("Floor"), pt_policies_nr);
	assert_int_equal(pt_policy_find(""), pt_policies_nr);
}
