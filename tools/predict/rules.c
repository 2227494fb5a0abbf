/* SPDX-License-Identifier: MIT */
/* What each rule of a finding says, in one sentence; docs/firmware-rules.md has more. */
#include "tools/predict/rules.h"

#include <string.h>

static const struct {
	const char *rule, *sentence;
} rules[] = {
	{ "cedt-checksum", "The bytes of the CEDT do not sum to zero." },
	{ "cedt-damaged", "A structure of the CEDT is too short or runs past the end." },
	{ "cedt-window-partial", "The SRAT covers a part of a window for CXL memory only." },
	{ "cedt-window-shared", "Ranges of several domains cover parts of one window for CXL memory." },
	{ "cedt-window-uncovered", "A window for CXL memory lies in no range of the SRAT." },
	{ "cpu-only-domain", "A domain has CPUs but no memory." },
	{ "hmat-checksum", "The bytes of the HMAT do not sum to zero." },
	{ "hmat-damaged", "A structure of the HMAT is too short for what it holds or runs past the end." },
	{ "hmat-unknown-domain",
	  "The HMAT speaks of a domain that the SRAT does not have. The first sixteen are told." },
	{ "hotplug-all", "All RAM lies in hot-pluggable ranges, so none is left for what cannot move." },
	{ "hotplug-firmware-memory",
	  "Firmware keeps its own tables (ACPI data, NVS) inside a hot-pluggable range with RAM." },
	{ "hotplug-low-memory", "A hot-pluggable range holds RAM below 1 MiB, which a PC cannot give up." },
	{ "hotplug-mixed-node",
	  "A domain has RAM in hot-pluggable ranges and RAM outside of them: it can never go as a whole." },
	{ "hotplug-without-ram", "A hot-pluggable range belongs to a domain that has no RAM at all yet." },
	{ "madt-checksum", "The bytes of the MADT do not sum to zero." },
	{ "madt-damaged", "An entry of the MADT is too short for what it is, or runs past the end." },
	{ "madt-extra-cpu", "The MADT has an enabled CPU that the SRAT puts in no domain." },
	{ "madt-missing-cpu",
	  "The SRAT has an enabled CPU that the MADT does not have, not even as one that may be added." },
	{ "memblock-full", "Linux's memblock has no room for so many ranges before there is a direct map: a policy "
			   "that reads the SRAT first loses nodes and hot-plug marks." },
	{ "memory-only-domain", "A domain has memory but no CPU, where others have. For information: CXL and "
				"high-bandwidth memory look so on purpose." },
	{ "msct-address", "A range ends above the highest address that the MSCT says there can ever be." },
	{ "msct-checksum", "The bytes of the MSCT do not sum to zero." },
	{ "msct-damaged", "The MSCT is too short for its own header." },
	{ "msct-domains", "The SRAT has more domains than the MSCT says there can ever be." },
	{ "node-interleaved", "Ranges of two domains take turns in the address space." },
	{ "nonvolatile-ram", "Memory that the map calls ordinary RAM lies in a range marked non-volatile." },
	{ "pxm-high-bytes", "The proximity domain has bytes set that do not count in a table of this revision." },
	{ "pxm-too-large", "A proximity domain is 1024 or above." },
	{ "range-out-of-reach", "A range ends above the highest address the CPU has." },
	{ "slit-asymmetric", "The way from one domain to another is not as long as the way back." },
	{ "slit-checksum", "The bytes of the SLIT do not sum to zero." },
	{ "slit-diagonal", "The distance of a domain to itself is not 10." },
	{ "slit-distance", "The distance between two domains is 10 or less." },
	{ "slit-length", "The SLIT is too short for the number of localities it tells." },
	{ "slit-mismatch", "The SRAT has a domain that the SLIT has no distances for." },
	{ "slit-triangle", "A detour over one of two domains is shorter than the direct way to a third." },
	{ "slit-unreachable", "A distance is 255: one domain cannot reach the other." },
	{ "srat-apic-too-large", "A CPU has an APIC id of 32768 or above." },
	{ "srat-broadcast-cpu", "An enabled CPU entry has the broadcast APIC id, which no CPU can have." },
	{ "srat-checksum", "The bytes of the SRAT do not sum to zero." },
	{ "srat-duplicate-cpu", "Two enabled entries are of the same APIC id." },
	{ "srat-empty-range", "An enabled memory entry has length 0." },
	{ "srat-entry-length", "An entry has not the length that its type has." },
	{ "srat-foreign-entry",
	  "An entry is of another architecture (GICC, ITS, RINTC): firmware for something else." },
	{ "srat-no-memory", "No memory entry is enabled." },
	{ "srat-overlap", "Ranges of two domains overlap, and there is memory in both." },
	{ "srat-range-wraps", "Base and length of a memory entry together exceed 64 bits." },
	{ "srat-self-overlap", "Two ranges of one domain overlap, and there is memory in both." },
	{ "srat-stray-bytes", "One or two bytes follow the last entry: too few for another one." },
	{ "srat-truncated-entry", "An entry runs past the end of the table." },
	{ "srat-uncovered-ram", "RAM lies in no enabled range." },
	{ "srat-unknown-entry", "An entry is of a type that the specification does not define." },
	{ "srat-unknown-flags", "An enabled memory entry has flags set that are reserved." },
	{ "srat-zero-length-entry",
	  "An entry says that it is shorter than its own header, so nothing behind it can be found." },
	{ "unaligned-range", "A memory range does not begin or end at a page." },
	{ "unmovable-scarce", "So much of the RAM stays movable that Linux with movable_node is likely to run out of "
			      "the rest while it boots." },
};

const char *rule_sentence(const char *line)
{
	for_each (rule, rules, ARRAY_SIZE(rules)) {
		size_t len = strlen(rule->rule);

		if (strcspn(line, " :") == len && !memcmp(line, rule->rule, len))
			return rule->sentence;
	}
	return NULL;
}
