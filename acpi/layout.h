/* SPDX-License-Identifier: MIT */
/*
 * Firmware's tables as they lie in memory: packed structures, each with its size and the section that defines it. They
 * are little-endian, as is every machine this runs on.
 */
#ifndef ACPI_LAYOUT_H
#define ACPI_LAYOUT_H

#include "lib/base.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tables are read in place");

#define PACKED __attribute__((packed))
#define LAYOUT(type, size) _Static_assert(sizeof(type) == (size), #type " is " #size " bytes long")

/* ---- what all tables share ---- */

/* ACPI 6.5, 5.2.6. */
struct acpi_header {
	char signature[4];
	uint32_t length; /* of the whole table */
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} PACKED;
LAYOUT(struct acpi_header, 36);

/* How every entry of SRAT and MADT begins: 5.2.12, 5.2.16. */
struct acpi_entry_head {
	uint8_t type, length;
} PACKED;
LAYOUT(struct acpi_entry_head, 2);

/* Generic Address Structure, 5.2.3.2. */
enum acpi_space { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_IO = 1, ACPI_SPACE_PCI = 2 };

struct acpi_gas {
	uint8_t space; /* enum acpi_space, and others */
	uint8_t bit_width, bit_offset, access_size;
	uint64_t address;
} PACKED;
LAYOUT(struct acpi_gas, 12);

/* RSDP, 5.2.5.3. Revision 0 ends before `length`. */
struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} PACKED;
LAYOUT(struct acpi_rsdp, 36);

/* ---- SRAT: 5.2.16 ---- */

struct srat_layout {
	struct acpi_header header;
	uint32_t one; /* 1 */
	uint64_t reserved;
} PACKED;
LAYOUT(struct srat_layout, 48);

/* The types 3, 4 and 7 are of other architectures; 7 is of ACPI 6.6. */
enum srat_type {
	SRAT_TYPE_APIC = 0,
	SRAT_TYPE_MEMORY = 1,
	SRAT_TYPE_X2APIC = 2,
	SRAT_TYPE_GICC = 3,
	SRAT_TYPE_ITS = 4,
	SRAT_TYPE_INITIATOR = 5,
	SRAT_TYPE_PORT = 6,
	SRAT_TYPE_RINTC = 7,
};

#define SRAT_FLAG_ENABLED 1u /* of all types */
#define SRAT_FLAG_HOTPLUG 2u /* of memory, as the next one */
#define SRAT_FLAG_NONVOLATILE 4u

/* 5.2.16.1 */
struct srat_apic_entry {
	struct acpi_entry_head head;
	uint8_t pxm_low, apic_id;
	uint32_t flags;
	uint8_t sapic_eid, pxm_high[3];
	uint32_t clock_domain;
} PACKED;
LAYOUT(struct srat_apic_entry, 16);

/* 5.2.16.2 */
struct srat_memory_entry {
	struct acpi_entry_head head;
	uint32_t pxm;
	uint16_t reserved;
	uint64_t base, length;
	uint32_t reserved2, flags;
	uint64_t reserved3;
} PACKED;
LAYOUT(struct srat_memory_entry, 40);

/* 5.2.16.3 */
struct srat_x2apic_entry {
	struct acpi_entry_head head;
	uint16_t reserved;
	uint32_t pxm, apic_id, flags, clock_domain, reserved2;
} PACKED;
LAYOUT(struct srat_x2apic_entry, 24);

/* Initiator and port, 5.2.16.6 and 5.2.16.7. */
struct srat_generic_entry {
	struct acpi_entry_head head;
	uint8_t reserved, handle_type;
	uint32_t pxm;
	uint8_t handle[16];
	uint32_t flags, reserved2;
} PACKED;
LAYOUT(struct srat_generic_entry, 32);

/* ---- MADT: 5.2.12 ---- */

struct madt_layout {
	struct acpi_header header;
	uint32_t local_apic, flags;
} PACKED;
LAYOUT(struct madt_layout, 44);

enum madt_type { MADT_TYPE_APIC = 0, MADT_TYPE_X2APIC = 9 };

#define MADT_FLAG_ENABLED 1u

/* 5.2.12.2 */
struct madt_apic_entry {
	struct acpi_entry_head head;
	uint8_t uid, apic_id;
	uint32_t flags;
} PACKED;
LAYOUT(struct madt_apic_entry, 8);

/* 5.2.12.12 */
struct madt_x2apic_entry {
	struct acpi_entry_head head;
	uint16_t reserved;
	uint32_t apic_id, flags, uid;
} PACKED;
LAYOUT(struct madt_x2apic_entry, 16);

/* ---- SLIT: 5.2.17 ---- */

/* localities * localities bytes follow. */
struct slit_layout {
	struct acpi_header header;
	uint64_t localities;
} PACKED;
LAYOUT(struct slit_layout, 44);

/* ---- MSCT: 5.2.19 ---- */

struct msct_layout {
	struct acpi_header header;
	uint32_t offset, last_domain, last_clock_domain;
	uint64_t last_byte;
} PACKED;
LAYOUT(struct msct_layout, 56);

/* ---- HMAT: 5.2.28 ---- */

struct hmat_layout {
	struct acpi_header header;
	uint32_t reserved;
} PACKED;
LAYOUT(struct hmat_layout, 40);

enum hmat_type { HMAT_TYPE_DOMAIN = 0, HMAT_TYPE_LOCALITY = 1, HMAT_TYPE_CACHE = 2 };

struct hmat_head {
	uint16_t type, reserved;
	uint32_t length;
} PACKED;
LAYOUT(struct hmat_head, 8);

#define HMAT_INITIATOR_VALID 1u

/* 5.2.28.3 */
struct hmat_domain {
	struct hmat_head head;
	uint16_t flags, reserved;
	uint32_t initiator, memory;
	uint8_t reserved2[20];
} PACKED;
LAYOUT(struct hmat_domain, 40);

/* 5.2.28.4: the lists of initiators and of targets follow, four bytes a domain. */
struct hmat_locality {
	struct hmat_head head;
	uint8_t flags, data_type, min_transfer, reserved;
	uint32_t initiators, targets, reserved2;
	uint64_t unit;
} PACKED;
LAYOUT(struct hmat_locality, 32);

/* 5.2.28.5 */
struct hmat_cache {
	struct hmat_head head;
	uint32_t memory, reserved;
	uint64_t size;
	uint32_t attributes;
	uint16_t reserved2, smbios_handles;
} PACKED;
LAYOUT(struct hmat_cache, 32);

/* ---- CEDT: CXL 3.0, 9.17.1 ---- */

enum cedt_type { CEDT_TYPE_WINDOW = 1 };

struct cedt_head {
	uint8_t type, reserved;
	uint16_t length;
} PACKED;
LAYOUT(struct cedt_head, 4);

/* CXL fixed memory window without its targets: 9.17.1.3. */
struct cedt_window {
	struct cedt_head head;
	uint32_t reserved;
	uint64_t base, size;
	uint8_t ways, arithmetic;
	uint16_t reserved2;
	uint32_t granularity;
	uint16_t restrictions, qos_group;
} PACKED;
LAYOUT(struct cedt_window, 36);

/* ---- FADT: 5.2.9, table 5.9. Old tables end earlier. ---- */

struct fadt_layout {
	struct acpi_header header;
	uint32_t facs, dsdt;
	uint8_t reserved, profile;
	uint16_t sci_int;
	uint32_t smi_command;
	uint8_t acpi_enable, acpi_disable, s4bios_req, pstate_cnt;
	uint32_t pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr, gpe0, gpe1;
	uint8_t pm1_evt_len, pm1_cnt_len, lengths[6];
	uint16_t latencies[4];
	uint8_t duties[2], alarms[3];
	uint16_t boot_arch;
	uint8_t reserved2;
	uint32_t flags;
	struct acpi_gas reset;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor_version;
	uint64_t x_facs, x_dsdt;
	struct acpi_gas x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt, x_pm2_cnt, x_pm_tmr, x_gpe0, x_gpe1;
	struct acpi_gas sleep_control, sleep_status;
	uint64_t hypervisor;
} PACKED;
LAYOUT(struct fadt_layout, 276);

#define FADT_FLAG_RESET (1u << 10)
#define FADT_FLAG_HW_REDUCED (1u << 20)

/* ---- SPCR and DBG2: Microsoft's Serial Port Console Redirection table and Debug Port Table 2 ---- */

/* What revision 1 has, but for its last four bytes, which are reserved. */
struct spcr_layout {
	struct acpi_header header;
	uint8_t interface, reserved[3];
	struct acpi_gas registers;
	uint8_t interrupt_type, irq;
	uint32_t gsi;
	uint8_t baud, parity, stop_bits, flow_control, terminal, language;
	uint16_t pci_device, pci_vendor;
	uint8_t pci_bus, pci_slot, pci_function;
	uint32_t pci_flags;
	uint8_t pci_segment;
} PACKED;
LAYOUT(struct spcr_layout, 76);

struct dbg2_layout {
	struct acpi_header header;
	uint32_t devices, nr; /* offset of the first one, number */
} PACKED;
LAYOUT(struct dbg2_layout, 44);

#define DBG2_PORT_SERIAL 0x8000

struct dbg2_device {
	uint8_t revision;
	uint16_t length;
	uint8_t registers; /* how many GAS there are at `address` */
	uint16_t name_length, name, oem_length, oem;
	uint16_t port_type, port_subtype, reserved;
	uint16_t address, address_size; /* offsets in the device */
} PACKED;
LAYOUT(struct dbg2_device, 22);

/* ---- SMBIOS 3.6 ---- */

/* 5.2.1: entry point of the 32-bit table. */
struct smbios_entry_32 {
	char anchor[4];
	uint8_t checksum, length, major, minor;
	uint16_t largest;
	uint8_t revision, formatted[5];
	char intermediate_anchor[5];
	uint8_t intermediate_checksum;
	uint16_t table_size;
	uint32_t table;
	uint16_t nr;
	uint8_t bcd_revision;
} PACKED;
LAYOUT(struct smbios_entry_32, 31);

/* 5.2.2: entry point of the 64-bit table. */
struct smbios_entry_64 {
	char anchor[5];
	uint8_t checksum, length, major, minor, docrev, revision, reserved;
	uint32_t table_size;
	uint64_t table;
} PACKED;
LAYOUT(struct smbios_entry_64, 24);

/* 6.1.2: how every structure begins. */
struct smbios_head {
	uint8_t type, length;
	uint16_t handle;
} PACKED;
LAYOUT(struct smbios_head, 4);

/* 7.1, as far as it is read; texts are numbers of strings. */
struct smbios_firmware {
	struct smbios_head head;
	uint8_t vendor, version;
	uint16_t segment;
	uint8_t date;
} PACKED;
LAYOUT(struct smbios_firmware, 9);

/* 7.2, as far as it is read. */
struct smbios_system {
	struct smbios_head head;
	uint8_t manufacturer, product;
} PACKED;
LAYOUT(struct smbios_system, 6);

#endif
